"""A real PostgreSQL server, a real tracking server and a real MLflow for tests that want one."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tracking.endpoint import probe


def _server_folder() -> Path | None:
    """Where initdb and postgres are; Debian keeps them off the path."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _as_user() -> Callable[[], None] | None:
    """PostgreSQL refuses to run as root: become somebody else, who owns the folder."""
    if os.getuid() != 0:
        return None
    user = _somebody()

    def become() -> None:
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become


def _somebody() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as trial:
            trial.settimeout(1)
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start: {log.read_text()[-500:]}")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of an empty database ``postgres`` on loopback, thrown away afterwards."""
    binaries = _server_folder()
    if binaries is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    become = _as_user()
    home = Path(tempfile.mkdtemp(prefix="onstage-pg-"))
    if become is not None:
        user = _somebody()
        os.chown(home, user.pw_uid, user.pw_gid)
    cluster, log, port = home / "cluster", home / "log", _free_port()
    start = {"cwd": home, "preexec_fn": become, "stdin": subprocess.DEVNULL}
    command = [binaries / "initdb", "-D", cluster, "-U", "onstage", "-A", "trust", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, **start)
    options = [
        "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
        "-c", f"unix_socket_directories={home}", "-p", str(port),
    ]  # fmt: skip
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", cluster, *options], stdout=stream, stderr=stream, **start
        )
    try:
        _wait_for(port, server, log)
        yield f"postgresql+psycopg://onstage@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=10)
        shutil.rmtree(home, ignore_errors=True)


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
