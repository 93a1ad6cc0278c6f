"""A real Prefect server, a worker and the deployments of prefect.yaml."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from onstage.pipeline.outcome import Outcome
from tests.e2e.servers import PREFECT, ask, prefect_server, until


pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).parents[2]
MINUTES = 60
ADDRESSES = """
import json, sys
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
runs = tracker_of(workspace).search(workspace.experiment)
print(json.dumps(sorted({run.tags["prefect.flow_run_url"] for run in runs})))
"""
ONSTAGE = str(Path(PREFECT).with_name("onstage"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Address of the API and the environment of whoever talks to it."""
    home = tmp_path_factory.mktemp("prefect-server")
    others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    mine = {"ONSTAGE_HOME": str(home / "onstage"), "ONSTAGE_PROGRESS": "0", "DO_NOT_TRACK": "true"}
    with prefect_server(home, {**others, **mine}) as environment:
        yield environment["PREFECT_API_URL"], environment


@pytest.fixture(scope="module")
def worker(server: tuple[str, dict[str, str]]) -> Iterator[None]:
    """A process worker of the pool `local`, which it makes."""
    api, environment = server
    words = [PREFECT, "worker", "start", "--pool", "local", "--type", "process"]
    log = Path(environment["PREFECT_HOME"]) / "worker.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            until(lambda: ask(api, "/work_pools/filter", {}), 120, "the work pool")
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def test_the_nightly_deployment_is_scheduled_and_runs_to_completed(
    server: tuple[str, dict[str, str]], worker: None, config: Path
) -> None:
    api, environment = server

    def prefect(*words: str) -> str:
        done = subprocess.run(
            [PREFECT, *words],
            check=False,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    prefect("--no-prompt", "deploy", "--all")  # the pool is there: see README, "Run it"
    scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    until(lambda: ask(api, "/flow_runs/filter", scheduled), 120, "a scheduled run")
    assert "retrain" in prefect("deployment", "ls")
    status = [ONSTAGE, "status", str(ROOT / "configs" / "twitch105k.yaml"), "--json"]
    told = subprocess.run(status, check=True, cwd=ROOT, env=environment, capture_output=True)
    at = datetime.fromisoformat(json.loads(told.stdout)[0]["next"])
    assert (at.hour, at.minute) == (3, 0)  # every night at three, UTC
    said = prefect("deployment", "run", "retrain/nightly", "--param", f"config={config}")
    assert "nightly" in said
    # Another deployment of the same data set waits for its turn instead of failing.
    prefect("deployment", "run", "retrain/on-demand", "--param", f"config={config}")
    mine = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}}

    def both() -> Any:
        ended = [
            one
            for one in ask(api, "/flow_runs/filter", mine)
            if one["parameters"]["config"] == str(config)  # none of a schedule that came due
        ]
        return ended if len(ended) == 2 else None

    done = until(both, 8 * MINUTES, "the end of both runs")
    log = (Path(environment["PREFECT_HOME"]) / "worker.log").read_text()
    assert [run["state"]["type"] for run in done] == ["COMPLETED"] * 2, log[-4000:]
    spans = sorted((run["start_time"], run["end_time"]) for run in done)
    assert "is at work on this data set" in log or spans[0][1] <= spans[1][0]
    keys = {one["key"] for one in ask(api, "/artifacts/filter", {})}
    assert {"leaderboard-little", "decision-little", "report-little", "data-docs-little"} <= keys
    assert prefect("flow-run", "ls")
    told = subprocess.run(
        [sys.executable, "-c", ADDRESSES, str(config)],
        check=True, cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    addresses = set(json.loads(told.stdout))
    assert addresses
    assert addresses <= {f"{api.removesuffix('/api')}/runs/flow-run/{run['id']}" for run in done}
    for run in done:
        assert {tag.partition(":")[0] for tag in run["tags"]} == {
            "config",
            "code",
            "data",
            "mlflow",
        }


STATUSES = """
import json, sys
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
runs = tracker_of(workspace).search(workspace.experiment)
print(json.dumps([[run.tags.get("onstage.kind", ""), run.status] for run in runs]))
"""


def in_a_process(environment: dict[str, str], *words: str) -> str:
    """Run a program in the project's folder; what it says on stdout."""
    done = subprocess.run(
        words, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(home: Path) -> dict[str, str]:
    """What a retrain left: step and content of every artefact that the outcome names."""
    outcome = Outcome.model_validate_json((home / "datasets/cancelled/retrain.json").read_text())
    return {f"{step.step}-{step.key}": step.digest for step in outcome.steps}


@pytest.mark.slow
def test_a_cancelled_retrain_leaves_nothing_half_done_and_the_next_one_ends_the_same(
    server: tuple[str, dict[str, str]], worker: None, config: Path, tmp_path: Path
) -> None:
    api, environment = server
    home = Path(environment["ONSTAGE_HOME"])
    content = yaml.safe_load(config.read_text())
    sweep = {"trials": 20, "algorithms": {"item_knn": {}}}  # time enough to be cancelled in
    path = tmp_path / "cancelled.yaml"
    path.write_text(yaml.safe_dump({**content, "name": "cancelled", "seed": 5, "sweep": sweep}))
    in_a_process(environment, PREFECT, "--no-prompt", "deploy", "--all")
    words = [PREFECT, "deployment", "run", "retrain/on-demand", "--param", f"config={path}"]
    in_a_process(environment, *words)

    def run_of() -> dict[str, Any] | None:
        runs: list[dict[str, Any]] = ask(api, "/flow_runs/filter", {})
        return next((one for one in runs if one["parameters"].get("config") == str(path)), None)

    studies = home / "datasets" / "cancelled" / "studies"
    until(lambda: any(studies.glob("*/*")), 3 * MINUTES, "a trial")
    run = run_of()
    assert run is not None
    in_a_process(environment, PREFECT, "flow-run", "cancel", run["id"])

    def ended() -> bool:
        now = run_of()
        return now is not None and now["state"]["type"] == "CANCELLED"

    until(ended, 2 * MINUTES, "the end of the cancelled run")
    log = (Path(environment["PREFECT_HOME"]) / "worker.log").read_text()
    statuses = json.loads(in_a_process(environment, sys.executable, "-c", STATUSES, str(path)))
    assert ["retrain", "KILLED"] in statuses, log[-4000:]
    assert {status for _, status in statuses} <= {"KILLED", "FINISHED"}  # none is RUNNING
    assert list((home / "store").glob(".draft-*")) == []
    with (home / "datasets" / "cancelled" / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it

    in_a_process(environment, *words)
    outcome = home / "datasets" / "cancelled" / "retrain.json"
    until(outcome.exists, 4 * MINUTES, "the end of the next run")
    elsewhere = {**environment, "ONSTAGE_HOME": str(tmp_path / "elsewhere")}
    in_a_process(elsewhere, ONSTAGE, "retrain", str(path))
    assert contents(home) == contents(tmp_path / "elsewhere")
