"""Who may ask: the token, the names of this machine, the port."""

import socket
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from onstage.errors import ConfigError
from onstage.serving.online.bearer import see_that_strangers_need_a_token, token_from
from onstage.serving.online.server import address_of, bound
from onstage.testing.online import Shelf, asking
from tests.unit.refusals import TOKEN, numbers, refused


@pytest.fixture
def client() -> Iterator[TestClient]:
    with asking(Shelf(v1=numbers())) as client:
        yield client


@pytest.fixture
def locked() -> Iterator[TestClient]:
    with asking(Shelf(v1=numbers()), token=TOKEN) as client:
        yield client


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}",
        "Bearer \xff\xfe",
    ],
)  # fmt: skip
def test_without_the_token_nothing_of_the_data_is_told(
    locked: TestClient, header: str | None
) -> None:
    head = {} if header is None else {"authorization": header.encode("latin-1")}
    for path in ("/recommend", "/similar", "/explain", "/live", "/interactions"):
        reply = locked.post(path, json={}, headers=head)
        refused(reply, 401, "Authorization must say: Bearer")
        assert reply.headers["www-authenticate"] == "Bearer"
    for path in ("/board", "/users", "/metrics", "/nowhere"):
        refused(locked.get(path, headers=head), 401, "Authorization must say")
    assert locked.get("/health", headers=head).json() == {"status": "ok"}
    assert locked.get("/", headers=head).status_code == 200
    about = locked.get("/openapi.json", headers=head).json()["paths"]
    assert all("security" in one for one in about["/live"].values())
    assert "security" not in about["/health"]["get"]


def test_with_the_token_everything_answers_whatever_the_host(locked: TestClient) -> None:
    head = {"authorization": f"Bearer {TOKEN}", "host": "recommender.example"}
    assert locked.post("/recommend", json={"users": [1]}, headers=head).status_code == 200
    assert locked.get("/health", headers=head).json()["version"] == "1"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:80"])
def test_without_a_token_only_this_machine_is_a_host(client: TestClient, host: str) -> None:
    reply = client.post("/recommend", json={"users": [1]}, headers={"host": host})
    refused(reply, 421, "does not name this machine")


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_has_several_names(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


def test_listening_elsewhere_needs_a_token() -> None:
    for host in ("0.0.0.0", "192.168.1.7", "::", "recommender.example"):  # noqa: S104
        with pytest.raises(ConfigError, match="set ONSTAGE_SERVE_TOKEN, or leave --host out"):
            see_that_strangers_need_a_token(host, None)
        see_that_strangers_need_a_token(host, TOKEN)
    for host in ("127.0.0.1", "127.0.0.2", "localhost", "::1"):
        see_that_strangers_need_a_token(host, None)


@pytest.mark.parametrize("token", ["", "short", "a token with some blanks", "ü" * 20])
def test_a_weak_token_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(ConfigError, match="at least 16 printable ASCII") as raised:
        token_from({"ONSTAGE_SERVE_TOKEN": token})
    assert not token or token not in str(raised.value)
    assert token_from({"ONSTAGE_SERVE_TOKEN": TOKEN}) == TOKEN
    assert token_from({}) is None


def test_a_port_that_is_taken_is_one_error_and_port_0_is_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port}: .*; choose another --port"):
            bound("127.0.0.1", port)
    with bound("127.0.0.1", 0) as free:
        assert address_of(free) == f"http://127.0.0.1:{free.getsockname()[1]}"
        assert free.proto == socket.IPPROTO_TCP  # else answers wait 40 ms for an acknowledgement
    with pytest.raises(ConfigError, match="choose another --port"):
        bound("no.such.host.invalid", 0)
