"""A short question to a server: who hears the credentials, and what is no answer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.prefect_api import asked
from flows.running import probe
from flows.vault import reveal
from onstage.errors import OrchestrationError, TrackingError
from onstage.tracking.greeting import ask, basic


SECRET = "hunter2"  # noqa: S105  # invented
GONE = "127.0.0.1:9"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Servers: each says what it heard, or sends whoever asks for /moved on to an address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    servers = []

    def start(further: str = "", said: str = "") -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                moved = self.path.endswith("/moved")
                self.send_response(302 if moved else 200)
                if moved:
                    self.send_header("Location", further or "/here")
                self.end_headers()
                heard = json.dumps(self.headers.get("Authorization"))
                self.wfile.write((said or heard).encode())

            def log_message(self, *args: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_credentials_are_for_the_server_that_was_asked_and_for_none_it_sends_us_to(
    site: Callable[..., str],
) -> None:
    mine = basic("me", SECRET)
    other = site()
    assert ask(other, "/here", headers=mine).json() == mine["Authorization"]
    assert ask(other, "/moved", headers=mine).json() == mine["Authorization"]  # to itself
    assert ask(site(f"{other}/here"), "/moved", headers=mine).json() is None


@pytest.mark.parametrize("uri", [f"http://me:{SECRET}@{GONE}", f"http://me:{SECRET}@[::1/x", "x"])
def test_who_does_not_answer_is_named_without_credentials(uri: str) -> None:
    with pytest.raises(TrackingError, match="does not answer") as caught:
        ask(uri, "/health")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_a_prefect_server_that_is_gone_is_named_without_credentials(scheme: str) -> None:
    with pytest.raises(OrchestrationError, match=r"//\*\*\*@127.0.0.1:9/api") as caught:
        probe(f"{scheme}://me:{SECRET}@{GONE}/api")
    assert SECRET not in str(caught.value)


def test_what_is_no_prefect_server_is_one_line(site: Callable[..., str]) -> None:
    page = site(said="<html>")
    with (
        temporary_settings({PREFECT_API_URL: page}),
        pytest.raises(OrchestrationError, match=r"\(HTTP 200 to /admin/version\); .* ends in /api"),
    ):
        asked("/admin/version")


def test_a_secret_in_a_block_of_a_server_that_is_gone_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPASSWORD", "${block:secret/pg}")
    with (
        temporary_settings({PREFECT_API_URL: f"http://{GONE}/api"}),
        pytest.raises(OrchestrationError, match="no Prefect server answers there"),
    ):
        reveal()
