"""The whole stack on loopback, with passwords everywhere, and the main job on it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from flows.stack.passwords import Secrets
from flows.stack.postgres import binaries
from flows.stack.stack import PORTS, Stack, stacked
from tests.buckets import bucket
from tests.e2e.servers import until


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).parents[2]
MINUTES = 60
MLFLOW, PREFECT = "mlflow-hunter2-mlflow", "prefect-hunter2"
SECRETS = Secrets("pg-hunter2%/@", f"me:{PREFECT}", MLFLOW)
BLOCK = """
from prefect.blocks.system import Secret
import sys
Secret(value=sys.stdin.read()).save("mlflow-password")
"""
FINDINGS = """
import json, sys
from flows.vault import reveal
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace

reveal()
workspace = Workspace.open(sys.argv[1])
tracker, registry = tracker_of(workspace), registry_of(workspace)
runs = tracker.search(workspace.experiment)
champion = registry.champion(workspace.registered_model)
(last,) = [run for run in runs if run.tags["onstage.kind"] == "retrain"][-1:]
print(json.dumps({
    "kinds": sorted(run.tags["onstage.kind"] for run in runs),
    "status": sorted({run.status for run in runs}),
    "champion": None if champion is None else champion.version,
    "flow": last.tags["prefect.flow_run_url"],
    "location": tracker.client.get_run(last.run_id).info.artifact_uri,
    "config": tracker.read_text(last.run_id, "config.yaml"),
}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """All of it, files in an object store; MLflow's password is in a block of Prefect."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    with (
        tempfile.TemporaryDirectory(prefix="onstage-stack-") as folder,
        bucket("onstage-stack") as shared,
    ):
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ONSTAGE_HOME", f"{folder}/home")
            patch.setenv("ONSTAGE_STORE_REMOTE", f"{shared}/store")
            patch.chdir(ROOT)
            made = Stack(
                Path(folder) / "stack", SECRETS, durable=False, ports=dict.fromkeys(PORTS, 0),
                artifacts=f"{shared}/mlflow",
            )  # fmt: skip
            with stacked(made, worker=False):
                run(made, sys.executable, "-c", BLOCK, told=MLFLOW)
                made.client["MLFLOW_TRACKING_PASSWORD"] = "${block:secret/mlflow-password}"  # noqa: S105
                made.start("worker")
                made.deploy()
                yield made


def run(stack: Stack, *words: str, told: str = "", **more: str) -> str:
    done = finished(stack, *words, told=told, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def finished(
    stack: Stack, *words: str, told: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, input=told, env={**stack.client, **more}, cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def started(stack: Stack, config: Path) -> str:
    """Id of a new run of the retrain's deployment."""
    return stack.order("retrain/on-demand", config=str(config))


def ended(stack: Stack, flow: str) -> dict[str, Any]:
    """A flow run, once it has ended."""

    def look() -> Any:
        found = stack.ask_prefect(f"/flow_runs/{flow}")
        return found if found["state_type"] in {"COMPLETED", "FAILED", "CRASHED"} else None

    found: dict[str, Any] = until(look, 8 * MINUTES, "the end of the retrain")
    return found


def test_a_retrain_through_a_worker_with_everything_on_postgresql(
    stack: Stack, config: Path
) -> None:
    flow = ended(stack, started(stack, config))
    log = (stack.folder / "worker.log").read_text()
    assert flow["state_type"] == "COMPLETED", log[-4000:]
    found = json.loads(run(stack, sys.executable, "-c", FINDINGS, str(config)))
    assert found["status"] == ["FINISHED"]
    assert {"retrain", "sweep", "trial", "backtest"} <= set(found["kinds"])
    assert found["champion"] is not None
    assert found["flow"] == f"{stack.prefect_url}/runs/flow-run/{flow['id']}"
    assert found["location"].startswith("mlflow-artifacts:/")  # the server keeps and gives files
    assert "name: little" in found["config"]
    import s3fs

    objects = s3fs.S3FileSystem().find("onstage-stack")
    assert any(one.startswith("onstage-stack/mlflow/") and "MLmodel" in one for one in objects)
    steps = {one.split("/")[2].rpartition("-")[0] for one in objects if "/store/" in one}
    assert {"ingest", "validate", "sweep", "backtest", "leaderboard", "cluster"} <= steps
    engine = create_engine(stack.postgres.url("studies"))
    with engine.connect() as connection:
        trials = "SELECT state, count(*) FROM trials GROUP BY state"
        assert dict(connection.execute(text(trials)).tuples().all()) == {"COMPLETE": 4}
    engine.dispose()
    everything = log + (stack.folder / "prefect.log").read_text()
    for secret in ("hunter2", MLFLOW, PREFECT):
        assert secret not in everything


def test_the_doctor_finds_nothing_wrong(stack: Stack, config: Path) -> None:
    found = json.loads(run(stack, program("onstage"), "doctor", str(config), "--json"))
    state = {one["name"]: one["state"] for one in found}
    assert "failed" not in state.values(), found
    assert state["deployments"] == state["worker"] == state["tracking access"] == "ok"


@pytest.mark.parametrize(
    ("command", "variable", "value", "said"),
    [
        ("status", "MLFLOW_TRACKING_PASSWORD", "wrong-one", "the credentials (HTTP 401)"),
        ("retrain", "MLFLOW_TRACKING_PASSWORD", "wrong-one", "the credentials (HTTP 401)"),
        ("status", "PREFECT_API_AUTH_STRING", "me:wrong-one", "does not take PREFECT_API_AUTH"),
        ("retrain", "PREFECT_API_AUTH_STRING", "me:wrong-one", "does not take PREFECT_API_AUTH"),
        ("status", "MLFLOW_TRACKING_PASSWORD", "${block:secret/gone}", "no secret block 'gone'"),
        ("status", "MLFLOW_TRACKING_PASSWORD", "a${block:secret/gone}", "${block:secret/name}"),
    ],
)
def test_wrong_credentials_are_one_line_that_does_not_show_them(
    stack: Stack, config: Path, command: str, variable: str, value: str, said: str
) -> None:
    told = {"MLFLOW_TRACKING_PASSWORD": MLFLOW, variable: value}
    words = [command, str(config), *(["--again"] if command == "retrain" else [])]
    done = finished(stack, program("onstage"), *words, **told)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("onstage: ")
    assert said in last
    assert variable in last
    assert "Traceback" not in done.stderr
    for secret in ("wrong-one", "hunter2"):
        assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("server", ["mlflow", "prefect"])
def test_a_server_that_dies_in_mid_flow_costs_no_finished_trial(
    stack: Stack, config: Path, tmp_path: Path, server: str
) -> None:
    other = tmp_path / "other.yaml"
    seed = {"mlflow": 5, "prefect": 6}[server]  # another study each
    text = config.read_text().replace("name: little", f"name: dying-{server}\nseed: {seed}")
    other.write_text(text)
    flow = started(stack, other)
    studies = Path(stack.client["ONSTAGE_HOME"], "datasets", f"dying-{server}", "studies")
    until(lambda: list(studies.glob("*/*")), 4 * MINUTES, "a study")
    stack.stop(server)
    stack.start(server)
    first = ended(stack, flow)
    if first["state_type"] != "COMPLETED":
        again = ended(stack, started(stack, other))
        assert again["state_type"] == "COMPLETED", first
    found = json.loads(run(stack, sys.executable, "-c", FINDINGS, str(other)))
    assert found["champion"] is not None
    assert found["kinds"].count("trial") == 4  # none is run twice, none is lost
