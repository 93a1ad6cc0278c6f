"""A real PostgreSQL server, a real tracking server and a real MLflow for tests that want one."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.stack.postgres import Postgres, binaries
from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tracking.endpoint import probe


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server on loopback, thrown away afterwards."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    home = Path(tempfile.mkdtemp(prefix="onstage-pg-"))
    server = Postgres(home, durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """SQLAlchemy URL of its empty database ``postgres``."""
    return postgres.url()


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """MLflow on SQLite in a home of its own."""
    return Tracker.open(MlflowSettings(), Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real tracking server, which keeps the files too."""
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"), "--workers", "1",
    ]  # fmt: skip
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **quiet},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield _started(f"http://127.0.0.1:{port}", folder / "log")
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


def _started(address: str, log: Path, seconds: float = 120) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            probe(address)
        except TrackingError:
            time.sleep(0.3)
        else:
            return address
    pytest.fail(log.read_text())
