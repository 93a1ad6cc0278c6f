"""What flows need from outside fails in mid-run: one line says why, and a rerun goes on."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main
from onstage.errors import TrackingError
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tracking.endpoint import probe
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.result import SweepResult
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]

TRIES = 3
DYING = """
import os, signal, sys
from pathlib import Path

from flows.running import orchestrated
from onstage.errors import OrchestrationError

config = Path(sys.argv[1])
try:
    with orchestrated(config):
        from prefect import flow

        from onstage.pipeline.workspace import Workspace
        from tasks.ingest import ingest
        from tasks.validate import validate

        @flow
        def deprived() -> None:
            workspace = Workspace.open(config)
            made = ingest(workspace)
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            validate(workspace, made)

        deprived()
except OrchestrationError as error:
    print(f"said: {error}", flush=True)
"""


@contextmanager
def answering_nobody() -> Iterator[tuple[int, list[float]]]:
    """A port whose owner hangs up on everybody, and when it did."""
    calls: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                calls.append(time.monotonic())

        threading.Thread(target=hang_up, daemon=True).start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.usefixtures("prefect")
def test_a_database_that_refuses_is_asked_again_and_then_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.ingest

    monkeypatch.setattr(tasks.ingest.ingest, "retry_delay_seconds", 0.1)
    with answering_nobody() as (port, calls):
        bare = "sslmode=disable&gssencmode=disable"
        columns = {"user_id": "u", "item_id": "i", "timestamp": "t"}
        url = f"postgresql+psycopg://me@127.0.0.1:{port}/none?{bare}"
        source = {"url": url, "query": "SELECT 1", "columns": columns}
        config = tmp_path / "refusing.yaml"
        config.write_text(yaml.safe_dump({"name": "refusing", "data": {"interactions": source}}))
        result = CliRunner().invoke(main, ["validate", str(config)])
    assert result.exit_code == 1
    assert len(calls) == TRIES
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("onstage: interactions: database postgresql+psycopg://me@127.0.0.1")
    assert "that it is reachable" in message


def test_a_prefect_server_that_dies_in_mid_run_is_one_line_and_a_rerun_goes_on(
    config: Path, tmp_path: Path
) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "ONSTAGE_HOME": str(tmp_path / "home"),
        "ONSTAGE_PROGRESS": "0",
    }
    run = {"env": environment, "capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run([sys.executable, "-c", DYING, str(config)], check=False, **run)
    assert "said: the Prefect server at http://127.0.0.1:" in done.stdout, done.stderr
    assert "stopped answering in mid-run" in done.stdout
    store = tmp_path / "home" / "store"
    (kept,) = store.glob("ingest-*")
    before = kept.stat().st_mtime_ns
    assert not list(store.glob(".draft-*"))
    words = [sys.executable, "-m", "flows.cli", "validate", str(config), "--json"]
    again = subprocess.run(words, check=False, **run)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["passed"] == 1
    assert kept.stat().st_mtime_ns == before


@contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"), "--workers", "1",
    ]  # fmt: skip
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            end = time.monotonic() + 120
            while True:
                try:
                    probe(f"http://127.0.0.1:{port}")
                    break
                except TrackingError:
                    assert time.monotonic() < end, (folder / "log").read_text()[-2000:]
                    time.sleep(0.2)
            yield server
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def test_a_tracking_server_that_dies_in_mid_sweep_is_one_line_and_a_rerun_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = MlflowSettings(tracking_uri=f"http://127.0.0.1:{port}")
    space = make_space(
        MemoryConfig(), {"half_life_days": {"type": "float", "low": 1.0, "high": 9.0}}
    )
    fits: list[float] = []

    def search(server: subprocess.Popen[bytes], dies_at: int) -> SweepResult:
        def objective(config: ModelConfig, watch: Watch) -> Outcome:
            assert isinstance(config, MemoryConfig)
            fits.append(config.half_life_days)
            if len(fits) == dies_at:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
            return Outcome(config.half_life_days)

        return sweep(
            "memory", None, space, objective,
            trials=4, seed=0, folder=tmp_path / "study", metric="ndcg_at_10",
            tracker=Tracker.open(settings, Settings(home=tmp_path)), progress=False,
        )  # fmt: skip

    with (
        mlflow_server(tmp_path, port) as server,
        pytest.raises(TrackingError, match=rf"MLflow at http://127\.0\.0\.1:{port}: ") as caught,
    ):
        search(server, dies_at=2)
    assert "\n" not in str(caught.value)
    with mlflow_server(tmp_path, port) as server:
        result = search(server, dies_at=0)
        tracker = Tracker.open(settings, Settings(home=tmp_path))
        assert result.run_id is not None
        children = tracker.children(result.run_id)
        assert tracker.get(result.run_id).status == "FINISHED"
    assert len(fits) == 4  # the trial that ended when the server died is not run again
    assert [child.status for child in children] == ["FINISHED"] * 4
