"""Databases and servers: touched together, not there, in trouble; what an address may show."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker, endpoint
from onstage.tracking.endpoint import masked


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def opened(tmp_path: Path, uri: str | None) -> Tracker:
    return Tracker.open(MlflowSettings(tracking_uri=uri), Settings(home=tmp_path))


RACER = """
import sys
from pathlib import Path
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
tracker = Tracker.open(MlflowSettings(tracking_uri=sys.argv[2]), Settings(home=Path(sys.argv[1])))
with tracker.run("race", "r"):
    pass
"""


def race(home: Path, uri: str) -> list[str]:
    """States of the runs that two processes make on a fresh database at the same time."""
    command = [sys.executable, "-c", RACER, str(home), uri]
    racers = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    for racer in racers:
        _, said = racer.communicate(timeout=300)
        assert racer.returncode == 0, said.decode()[-2000:]
    return [run.status for run in opened(home, uri).search("race")]


def test_processes_that_touch_a_fresh_file_together_all_succeed(tmp_path: Path) -> None:
    assert race(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}") == ["FINISHED"] * 2


def test_processes_that_touch_a_fresh_server_together_all_succeed(
    tmp_path: Path, postgres_url: str
) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE tracked"))
    engine.dispose()
    assert race(tmp_path, f"{postgres_url.rpartition('/')[0]}/tracked") == ["FINISHED"] * 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would answer for servers that are not there."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.usefixtures("direct")
def test_a_server_that_is_not_there_is_said_to_be_so_at_once(tmp_path: Path) -> None:
    uri = f"http://me:secret@127.0.0.1:{free_port()}"
    with pytest.raises(
        TrackingError, match=r"does not answer \(.*refused.*MLFLOW_TRACKING_URI"
    ) as e:
        opened(tmp_path, uri)
    assert "secret" not in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.usefixtures("direct")
def test_a_server_that_accepts_and_says_nothing_does_not_hold_us_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        start = time.monotonic()
        with pytest.raises(TrackingError, match=r"does not answer .*timed out"):
            opened(tmp_path, f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert time.monotonic() - start < 30  # MLflow itself goes on for minutes


@pytest.fixture
def failing_server() -> Iterator[Callable[[int], str]]:
    servers = []

    def start(code: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(code)

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


@pytest.mark.usefixtures("direct")
def test_a_server_in_trouble_is_not_an_answer(
    tmp_path: Path, failing_server: Callable[[int], str]
) -> None:
    with pytest.raises(TrackingError, match=r"does not answer \(HTTP 503\)"):
        opened(tmp_path, failing_server(503))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", r"//\*\*\*@127.0.0.1:1/x does not answer"),
        ("postgresql+nodriver://me:secret@127.0.0.1:1/x", "postgresql"),
        ("./mlruns", r"use sqlite:///path/mlflow.db, a database or a server"),
    ],
)
def test_addresses_that_cannot_work_are_refused_with_the_remedy(
    tmp_path: Path, uri: str, said: str
) -> None:
    with pytest.raises(TrackingError, match=said) as error:
        opened(tmp_path, uri)
    assert "secret" not in str(error.value)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match=r"Not a directory; choose a writable folder"):
        opened(tmp_path / "file" / "home", None)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://me:secret@host:5000", "http://***@host:5000"),
        ("https://token@host/x", "https://***@host/x"),
        ("postgresql://u:a@b@host/db", "postgresql://***@host/db"),
        ("me:secret@host/db", "***@host/db"),
        ("postgresql://host/db?password=secret&x=1", "postgresql://host/db?password=***&x=1"),
        ("sqlite:////var/mlflow.db", "sqlite:////var/mlflow.db"),
    ],
)
def test_credentials_are_never_shown(uri: str, shown: str) -> None:
    assert masked(uri) == shown
