"""A study in a real MLflow: one parent, one child a trial, also after a ``kill -9``."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tracking.runs import PARENT, RunRecord
from onstage.tuning.bridge import STATE, TRIAL
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.result import SweepResult
from tests.integration import parallel


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tracker(home: Path) -> Tracker:
    return Tracker.open(MlflowSettings(), Settings(home=home))


def peak(config: ModelConfig, watch: Watch) -> Outcome:
    assert isinstance(config, MemoryConfig)
    value = (config.kind == "decay") - abs(math.log(config.half_life_days / 5))
    return Outcome(value, {"mrr_at_10": value / 2, "auc": math.nan}, 0.25, 0.125)


def search(
    folder: Path,
    tracker: Tracker | None,
    objective: object = peak,
    *,
    parent: str | None = None,
    trials: int = 6,
    jobs: int = 1,
) -> SweepResult:
    return parallel.search(
        folder,
        tracker,
        objective,  # type: ignore[arg-type]
        trials=trials,
        processes=1,
        experiment="sweeps",
        parent_run=parent,
        jobs=jobs,
    )


def children(tracker: Tracker, result: SweepResult) -> dict[int, RunRecord]:
    """The trials of a sweep's run by number; fails where one has two."""
    assert result.run_id is not None
    found = tracker.children(result.run_id)
    numbered = {int(run.tags[TRIAL]): run for run in found}
    assert len(numbered) == len(found)
    return numbered


def agree(tracker: Tracker, result: SweepResult) -> None:
    """MLflow and the table of trials say the same."""
    runs = children(tracker, result)
    assert sorted(runs) == result.trials["number"].tolist()
    for row in result.trials.itertuples():
        run = runs[int(row.number)]
        assert run.tags[STATE] == row.state
        if row.state == "COMPLETE":
            assert run.status == "FINISHED"
            assert run.metrics["value"] == run.metrics["validation_ndcg_at_10"] == row.value


def test_a_sweep_is_one_run_with_a_child_for_every_trial(tmp_path: Path, tracker: Tracker) -> None:
    with tracker.run("sweeps", "retrain") as retrain:
        result = search(tmp_path, tracker, parent=retrain)
    agree(tracker, result)
    assert result.run_id is not None
    parent = tracker.get(result.run_id)
    assert parent.status == "FINISHED"
    assert parent.tags[PARENT] == retrain
    assert parent.metrics["best_value"] == result.best_value
    assert parent.metrics["trials_complete"] == 6
    assert parent.params["metric"] == "ndcg_at_10"
    assert json.loads(parent.params["space.half_life_days"])["high"] == 30.0
    best = tracker.history(result.run_id, "best_so_far")
    assert list(best) == list(range(6))
    assert best[5] == result.best_value == max(result.trials["value"])
    names = {file.path for file in tracker.client.list_artifacts(result.run_id)}
    assert names == {"best.json", "trials.csv"}


def test_a_child_holds_the_whole_configuration_and_every_metric(
    tmp_path: Path, tracker: Tracker
) -> None:
    result = search(tmp_path, tracker, trials=1)
    child = children(tracker, result)[0]
    expected = MemoryConfig().model_dump()
    assert child.params == {name: str(value) for name, value in expected.items()}
    value = -math.log(5 / 3)  # three days is the default, five the best, count costs 1
    assert child.metrics == pytest.approx(
        {
            "value": value,
            "validation_ndcg_at_10": value,
            "validation_mrr_at_10": value / 2,
            "fit_seconds": 0.25,
            "evaluate_seconds": 0.125,
        }
    )


def test_the_filter_of_the_documentation_finds_the_trials(tmp_path: Path, tracker: Tracker) -> None:
    page = (ROOT / "docs" / "tuning.md").read_text()
    where = re.search(r"`` (tags\..*?) ``", page, re.DOTALL)
    assert where is not None
    result = search(tmp_path, tracker, trials=2)
    filtered = tracker.client.search_runs(
        [tracker.experiment("sweeps")], where[1].replace("'als'", "'memory'"), max_results=5000
    )
    found = {run.info.run_id for run in filtered}
    assert {run.run_id for run in children(tracker, result).values()} <= found
    assert result.run_id not in found


def test_parallel_trials_each_have_their_own_child(tmp_path: Path, tracker: Tracker) -> None:
    result = search(tmp_path, tracker, trials=12, jobs=4)
    agree(tracker, result)
    assert len(result.trials) == 12


def test_a_failed_trial_is_a_failed_child_and_the_parent_finishes(
    tmp_path: Path, tracker: Tracker
) -> None:
    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        if config == MemoryConfig():
            raise ValueError("singular")
        return peak(config, watch)

    result = search(tmp_path, tracker, objective, trials=3)
    agree(tracker, result)
    failed = children(tracker, result)[0]
    assert failed.status == "FAILED"
    assert failed.tags["onstage.error"] == "ValueError: singular"
    assert result.run_id is not None
    assert tracker.get(result.run_id).status == "FINISHED"


def test_a_sweep_that_fails_leaves_no_run_behind(tmp_path: Path, tracker: Tracker) -> None:
    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        raise TypeError("a fault")

    with pytest.raises(TypeError):
        search(tmp_path, tracker, objective)
    assert tracker.search("sweeps", status="RUNNING") == []
    parent = tracker.search("sweeps", status="FAILED")[-1]
    assert parent.tags["onstage.error"] == "TypeError: a fault"


def test_repeating_a_finished_sweep_changes_nothing(tmp_path: Path, tracker: Tracker) -> None:
    first = search(tmp_path, tracker)
    before = children(tracker, first)
    again = search(tmp_path, tracker)
    assert again.run_id == first.run_id
    assert children(tracker, again) == before
    longer = search(tmp_path, tracker, trials=8)
    agree(tracker, longer)
    assert longer.run_id == first.run_id
    assert list(tracker.history(first.run_id or "", "best_so_far")) == list(range(8))


def test_a_second_child_of_a_trial_is_taken_away(tmp_path: Path, tracker: Tracker) -> None:
    first = search(tmp_path, tracker, trials=2)
    kept = children(tracker, first)
    tags = {"onstage.kind": "trial", TRIAL: 1}
    tracker.finish(tracker.start_run("sweeps", "memory-001", parent=first.run_id, tags=tags))
    assert children(tracker, search(tmp_path, tracker, trials=2)) == kept


def test_a_trial_that_was_over_when_its_process_died_is_shown_as_over(
    tmp_path: Path, tracker: Tracker
) -> None:
    result = search(tmp_path, tracker)
    child = children(tracker, result)[0]
    tracker.finish(child.run_id, "KILLED", error="process 1 ended without it")  # as orphans are
    agree(tracker, search(tmp_path, tracker))
    again = children(tracker, result)[0]
    assert again.run_id == child.run_id
    assert "onstage.error" not in again.tags


def test_a_study_made_without_mlflow_is_shown_later(tmp_path: Path, tracker: Tracker) -> None:
    search(tmp_path, None)
    agree(tracker, search(tmp_path, tracker))


VICTIM = """
import importlib.util, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("sweeping", sys.argv[1])
test = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test)
home, folder, at = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
calls = 0
def objective(config, watch):
    global calls
    calls += 1
    if calls == at:
        (folder / "reached").touch()
        time.sleep(600)
    return test.peak(config, watch)
tracker = test.Tracker.open(test.MlflowSettings(), test.Settings(home=home))
test.search(folder, tracker, objective)
"""


def kill_during_trial(home: Path, folder: Path, at: int) -> None:
    folder.mkdir(exist_ok=True)
    arguments = [__file__, str(home), str(folder), str(at)]
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, *arguments], cwd=ROOT)
    deadline = time.monotonic() + 300
    while not (folder / "reached").exists():
        assert victim.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    (folder / "reached").unlink()


def test_after_a_kill_the_sweep_ends_as_if_nothing_had_happened(
    tmp_path: Path, home: Path, tracker: Tracker
) -> None:
    kill_during_trial(home, tmp_path / "killed", at=4)
    left = tracker.search("sweeps", status="RUNNING")
    assert len(left) == 2  # the study, and the trial that was killed

    fitted: list[ModelConfig] = []

    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        fitted.append(config)
        return peak(config, watch)

    resumed = search(tmp_path / "killed", tracker, objective)
    assert len(fitted) == 6 - 3  # three were over before the kill
    assert tracker.search("sweeps", status="RUNNING") == []
    agree(tracker, resumed)
    states = resumed.trials["state"].tolist()
    assert states == ["COMPLETE"] * 3 + ["INTERRUPTED"] + ["COMPLETE"] * 3
    assert children(tracker, resumed)[3].status == "KILLED"
    assert resumed.run_id in {run.run_id for run in left}

    whole = search(tmp_path / "whole", None)
    kept = ["value", "params.kind", "params.half_life_days"]
    complete = resumed.trials[resumed.trials["state"] == "COMPLETE"]
    assert complete[kept].values.tolist() == whole.trials[kept].values.tolist()
    best = [(tmp_path / name / "best.json").read_bytes() for name in ("killed", "whole")]
    assert best[0] == best[1]
