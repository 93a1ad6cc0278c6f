"""What is refused, and how: one line of JSON, no trace, no secret in the log."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.errors import ConfigError
from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.app import application
from onstage.serving.online.bearer import see_that_strangers_need_a_token, token_from
from onstage.serving.online.limits import Limits
from onstage.serving.online.log_lines import JsonLines
from onstage.serving.online.server import address_of, bound
from onstage.testing.examples import log
from onstage.testing.online import Shelf, asking


TOKEN = "a-token-of-some-length"  # noqa: S105


def numbers(clock: Clock | None = None) -> Bundle:
    data = log([(1, 10, 0), (1, 11, 1), (2, 10, 2)])
    if clock is not None:
        data = type(data)(
            data.users, data.items, clock, data.user, data.item, data.time, data.weight
        )
    return Bundle(Memory(MemoryConfig()).fit(data), AvailabilityIndex.everything(data.n_items))


@pytest.fixture
def client() -> Iterator[TestClient]:
    with asking(Shelf(v1=numbers()), limits=Limits(body_bytes=4096)) as client:
        yield client


def refused(reply: Any, status: int, rule: str) -> None:
    assert reply.status_code == status, reply.text
    assert set(reply.json()) == {"error", "message", "request"}
    assert rule in reply.json()["message"]
    assert reply.json()["request"] == reply.headers["x-request-id"]
    assert "Traceback" not in reply.text
    assert "\n" not in reply.json()["message"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "body.users: Field required"),
        ({"users": []}, "body.users: List should have at least 1 item"),
        ({"users": list(range(257))}, "body.users: List should have at most 256 items"),
        ({"users": [1], "k": 0}, "body.k: Input should be greater than or equal to 1"),
        ({"users": [1], "k": 10**9}, "body.k: Input should be less than or equal to 1000"),
        ({"users": [1], "k": "5"}, "body.k: Input should be a valid integer"),
        ({"users": [1], "k": True}, "body.k: Input should be a valid integer"),
        ({"users": [1.5]}, "body.users.0"),
        ({"users": [None]}, "body.users.0"),
        ({"users": [2**63]}, "body.users.0"),
        ({"users": "ann"}, "body.users: Input should be a valid list"),
        ({"users": ["ann"]}, "user 'ann': the users of this data are integers"),
        ({"users": ["9" * 30]}, "the users of this data are integers"),
        ({"users": ["x" * 201]}, "body.users.0"),
        ({"users": [1], "at": "tonight"}, "time 'tonight': this log counts steps"),
        ({"users": [1], "at": "9" * 39}, "beyond what this log can count"),
        ({"users": [1], "at": -(2**62)}, "beyond what this log can count"),
        ({"users": [1], "live": ["x"]}, "item 'x': the items of this data are integers"),
        ({"users": [1], "repeat": {"kind": "never"}}, "body.repeat.kind"),
        ({"users": [1], "repeat": {"kind": "cooldown"}}, "repeat.cooldown_hours goes with"),
        ({"users": [1], "n": 5}, "body.n: Extra inputs are not permitted"),
        ([], "body: Input should be a valid dictionary"),
        (None, "body: Field required"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_in_one_line(
    client: TestClient, body: Any, rule: str
) -> None:
    refused(client.post("/recommend", json=body), 422, rule)


@pytest.mark.parametrize(
    "body",
    [
        b'{"users": [1]',
        b"\xff\xfe",
        b'{"users": ["\\ud800"]}',
        b'{"users": [1], "repeat": {"kind": "cooldown", "cooldown_hours": NaN}}',
        b'{"users": [' + b"9" * 4000 + b"]}",
        b"[" * 3000,
        b'{"\\ud800": 1, "users": [1]}',
        b"",
    ],
)
def test_a_body_that_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    reply = client.post("/recommend", content=body, headers={"content-type": "application/json"})
    assert reply.status_code in {400, 422}
    refused(reply, reply.status_code, "")


def test_a_plain_form_of_another_page_is_refused(client: TestClient) -> None:
    body = json.dumps({"off": [10]}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        refused(client.post("/live", content=body, headers={"content-type": kind}), 422, "body")


@pytest.mark.parametrize(
    "at", ["2024-06-01T20:00:00", "0001-01-01T00:00:00+23:59", 2**61, -1 << 60]
)
def test_an_instant_outside_the_calendar_is_refused(at: Any) -> None:
    with asking(Shelf(v1=numbers(Clock()))) as client:
        refused(client.post("/recommend", json={"users": [1], "at": at}), 422, "time")


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    large = b"[" + b"1," * 5_000_000 + b"1]"
    head = {"content-type": "application/json"}
    refused(client.post("/recommend", content=large, headers=head), 413, "at most 4096 bytes")

    def pieces() -> Iterator[bytes]:
        yield from (b"x" * 1000 for _ in range(10))

    refused(client.post("/recommend", content=pieces(), headers=head), 413, "at most 4096 bytes")


def test_an_end_before_its_start_is_refused_and_no_row_counts(client: TestClient) -> None:
    rows = [{"user": 1, "item": 10}, {"user": 1, "item": 10, "at": 5, "ends": 4}]
    reply = client.post("/interactions", json={"interactions": rows})
    refused(reply, 422, "interactions.1: ends 4 lies before its start")
    assert client.get("/health").json()["posted"] == 0


def test_what_is_not_there_is_said(client: TestClient) -> None:
    refused(client.get("/nowhere"), 404, "Not Found")
    refused(client.get("/recommend"), 405, "Method Not Allowed")
    refused(client.post("/explain", json={"user": 1, "item": 99}), 404, "item 99: the champion")
    refused(client.get("/board?most=0"), 422, "query.most")
    refused(client.get("/users?most=x"), 422, "query.most")


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


class Slow(Memory):
    """Answers when it is let go."""

    let_go = Event()

    def _remembered(self, requests: Any) -> Any:
        assert self.let_go.wait(30)
        return super()._remembered(requests)


@contextmanager
def slow(limits: Limits) -> Iterator[TestClient]:
    """A service whose threads are held up until :attr:`Slow.let_go` is set."""
    made = numbers()
    Slow.let_go.set()
    bundle = Bundle(Slow(MemoryConfig()).fit(made.model.dataset), made.availability)
    with asking(Shelf(v1=bundle), limits=limits) as client:
        Slow.let_go.clear()
        try:
            yield client
        finally:
            Slow.let_go.set()


def test_when_too_many_ask_at_once_the_rest_are_told_to_come_again() -> None:
    limits = Limits(threads=1, waiting=1, timeout_seconds=30)
    with slow(limits) as client, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.post, "/recommend", json={"users": [1]}) for _ in range(6)]
        refusals = [one.result() for one in islice(as_completed(asked), 4)]  # 1 answers, 1 waits
        for one in refusals:
            refused(one, 503, "all 2 places are taken; ask again in a second")
            assert one.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200
        Slow.let_go.set()
        replies = [one.result() for one in asked]
    assert sorted(one.status_code for one in replies) == [200, 200, 503, 503, 503, 503]


def test_a_request_that_takes_too_long_is_given_up_and_its_place_is_free_when_it_is_done() -> None:
    limits = Limits(threads=1, waiting=0, timeout_seconds=0.2)
    with slow(limits) as client:
        refused(client.post("/recommend", json={"users": [1]}), 503, "no answer within 0.2 s")
        refused(client.post("/recommend", json={"users": [1]}), 503, "all 1 places are taken")
        Slow.let_go.set()
        end = time.monotonic() + 20
        while client.post("/recommend", json={"users": [1]}).status_code != 200:
            assert time.monotonic() < end


class Faulty(Memory):
    """Cannot answer about user 2."""

    def _remembered(self, requests: Any) -> Any:
        if (requests.users == 1).any():  # the position of user 2
            message = "index 7 is out of bounds"
            raise IndexError(message)
        return super()._remembered(requests)


def test_a_fault_of_ours_shows_no_trace_and_is_logged_with_its_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = numbers()
    faulty = Bundle(Faulty(MemoryConfig()).fit(made.model.dataset), made.availability)
    with asking(Shelf(v1=faulty)) as client:
        reply = client.post("/recommend", json={"users": [2]}, headers={"x-request-id": "abc-1"})
        refused(reply, 500, "its log has the request's number")
        assert reply.json()["request"] == "abc-1"
        assert client.post("/recommend", json={"users": [1]}).status_code == 200
    assert "request abc-1 failed" in caplog.text


def test_the_log_is_json_with_number_and_time_and_without_token_or_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="onstage")
    head = {"authorization": f"Bearer {TOKEN}", "x-request-id": "a b\nc"}
    with asking(Shelf(v1=numbers()), token=TOKEN) as client:
        reply = client.post("/recommend?token=hidden", json={"users": [4711]}, headers=head)
        client.get("/secret/path", headers={"authorization": "Bearer guess-guess-guess"})
    lines = [JsonLines().format(record) for record in caplog.records]
    found = [json.loads(line) for line in lines]
    asked = next(one for one in found if one.get("path") == "/recommend")
    assert asked["request"] == reply.headers["x-request-id"] != head["x-request-id"]
    assert (asked["status"], asked["users"], asked["k"], asked["version"]) == (200, 1, 10, "1")
    assert asked["milliseconds"] > 0
    assert {one["status"] for one in found if one.get("path") == "other"} == {401}
    text = "".join(lines)
    for secret in (TOKEN, "4711", "hidden", "guess", "secret"):
        assert secret not in text


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(30)

    async def keep(message: Any) -> None:
        sent.append(message)

    app = application(Shelf(), limits=Limits(timeout_seconds=0.05))
    scope = {
        "type": "http", "method": "POST", "path": "/recommend", "raw_path": b"/recommend",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"content-length", b"100")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "app": app,
    }  # fmt: skip
    asyncio.run(app(scope, never, keep))
    assert [one.get("status") for one in sent] == [408, None]
    assert json.loads(sent[1]["body"])["message"] == "the body did not arrive within 0.05 s"
