"""Runs and their numbers in a real MLflow on SQLite."""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.errors import TrackingError
from onstage.tracking import Tracker, batches
from onstage.tracking.owner import Owner
from onstage.tracking.runs import ERROR, KEY, OWNER


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def test_importing_tracking_imports_no_mlflow() -> None:
    code = "import sys, onstage.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_run_keeps_what_was_logged_and_ends_with_its_block(tracker: Tracker) -> None:
    with tracker.run("x", "one", params={"a": 1, "repeat": {"kind": "allow"}}) as run_id:
        tracker.log(run_id, metrics={"ndcg_at_10": 0.5}, tags={"note": "hi", "nothing": None})
        assert tracker.get(run_id).status == "RUNNING"
    run = tracker.get(run_id)
    assert run.status == "FINISHED"
    assert run.name == "one"
    assert run.params == {"a": "1", "repeat.kind": "allow"}
    assert run.metrics == {"ndcg_at_10": 0.5}
    assert run.tags["note"] == "hi"
    assert "nothing" not in run.tags


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("bad"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_run_that_an_error_ends_says_which(
    tracker: Tracker, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)), tracker.run("x", "broken") as run_id:
        raise error
    run = tracker.get(run_id)
    assert run.status == status
    assert run.tags["onstage.error"].startswith(type(error).__name__)


def test_children_find_their_parent_from_other_threads(tracker: Tracker) -> None:
    with tracker.run("x", "parent") as parent, ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(lambda i: tracker.start_run("x", f"child {i}", parent=parent), range(8))
        )
    found = tracker.children(parent)
    assert {run.run_id for run in found} == set(made)
    assert {run.name for run in found} == {f"child {i}" for i in range(8)}


def test_more_than_mlflow_takes_at_once_arrives_whole(tracker: Tracker) -> None:
    params = {f"p{i}": i for i in range(250)}
    tags = {f"t{i}": i for i in range(130)}
    series = {"loss": {step: step / 2 for step in range(2300)}}
    with tracker.run("x", "many") as run_id:
        tracker.log(run_id, params=params, tags=tags, series=series, metrics={"m": 1.0}, step=7)
    run = tracker.get(run_id)
    assert run.params == {name: str(value) for name, value in params.items()}
    assert {name: run.tags[name] for name in tags} == {n: str(v) for n, v in tags.items()}
    assert tracker.history(run_id, "loss") == series["loss"]
    assert tracker.history(run_id, "m") == {7: 1.0}


def test_long_values_are_cut_and_stay_different(tracker: Tracker) -> None:
    long = {"a": "x" * 9000 + "a", "b": "x" * 9000 + "b"}
    with tracker.run("x", "long", params=long) as run_id:
        pass
    kept = tracker.get(run_id).params
    assert all(len(value) == batches.PARAM_LENGTH for value in kept.values())
    assert kept["a"] != kept["b"]


def test_a_name_with_an_at_sign_is_refused_before_anything_is_sent(tracker: Tracker) -> None:
    with (
        pytest.raises(TrackingError, match=r"metric 'ndcg@10': .*call it 'ndcg_at_10'"),
        tracker.run("x", "named") as run_id,
    ):
        tracker.log(run_id, metrics={"fine": 1.0, "ndcg@10": 0.5})
    assert tracker.get(run_id).metrics == {}


@given(st.text(min_size=1, max_size=40))
def test_mlflow_takes_every_name_that_we_take_or_suggest(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    try:
        kept = batches.check_name("metric", name)
    except TrackingError as error:
        better = ast.literal_eval(str(error).partition("; call it ")[2])
        kept = batches.check_name("metric", better)
    _validate_metric_name(kept)


def test_work_with_a_key_takes_up_its_run_and_drops_doubles(tracker: Tracker) -> None:
    first = tracker.start_run("keys", "a", key="job-1", params={"seed": 3})
    tracker.finish(first, "KILLED")
    double = tracker.client.create_run(tracker.experiment("keys"), tags={KEY: "job-1"})
    again = tracker.start_run("keys", "a", key="job-1", params={"seed": 3})
    assert again == first == tracker.find("keys", "job-1")
    assert tracker.get(first).status == "RUNNING"
    assert double.info.run_id not in {run.run_id for run in tracker.search("keys")}
    assert tracker.start_run("keys", "b", key="job-2") != first


def test_a_run_taken_up_again_says_nothing_of_its_earlier_end(tracker: Tracker) -> None:
    run = tracker.start_run("keys", "c", key="job-3")
    tracker.finish(run, "KILLED", error="process 1 ended without it")  # as orphans are
    ended = tracker.get(run)
    assert ended.tags[ERROR] == "process 1 ended without it"
    assert ended.ended is not None
    with tracker.run("keys", "c", key="job-3") as again:
        running = tracker.get(run)
        assert (again, running.status, running.ended) == (run, "RUNNING", None)
        assert ERROR not in running.tags
    done = tracker.get(run)
    assert done.status == "FINISHED"
    assert ERROR not in done.tags
    assert done.ended is not None
    with pytest.raises(ValueError, match="worse"), tracker.run("keys", "c", key="job-3"):
        raise ValueError("worse")
    assert tracker.get(run).tags[ERROR] == "ValueError: worse"


def test_runs_of_dead_processes_are_ended_and_those_of_the_living_are_not(
    tracker: Tracker,
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    here = Owner.current()
    theirs = Owner(here.host, here.boot, here.space, dead.pid, "1")
    dead.kill()
    dead.wait()
    mine = tracker.start_run("orphans", "mine")
    left = tracker.start_run("orphans", "left")
    tracker.log(left, tags={OWNER: str(theirs)})
    elsewhere = tracker.start_run("orphans", "elsewhere")
    tracker.log(elsewhere, tags={OWNER: str(Owner("other-host", "b", "s", dead.pid, "1"))})
    rebooted = tracker.start_run("orphans", "rebooted")
    tracker.log(rebooted, tags={OWNER: str(Owner(here.host, "old", here.space, here.process, "1"))})
    stranger = tracker.client.create_run(tracker.experiment("orphans")).info.run_id

    assert set(tracker.mark_orphans("orphans")) == {left, rebooted}
    assert tracker.get(left).status == tracker.get(rebooted).status == "KILLED"
    assert {tracker.get(run).status for run in (mine, elsewhere, stranger)} == {"RUNNING"}
    assert tracker.mark_orphans("orphans") == []


def test_a_number_used_again_by_a_later_process_is_not_the_same_owner() -> None:
    here = Owner.current()
    assert not here.gone()
    assert Owner(here.host, here.boot, here.space, here.process, "1").gone()
    assert Owner.parse(str(here)) == here
    assert Owner.parse("somebody") is None


def test_the_address_of_a_run_opens_its_page(tracker: Tracker) -> None:
    run_id = tracker.start_run("x", "address")
    experiment = tracker.experiment("x")
    assert tracker.url(run_id) == f"http://127.0.0.1:5000/#/experiments/{experiment}/runs/{run_id}"


def test_an_experiment_that_was_deleted_is_not_used_silently(tracker: Tracker) -> None:
    tracker.client.delete_experiment(tracker.experiment("gone"))
    tracker._experiments.clear()
    with pytest.raises(TrackingError, match="'gone' was deleted: bring it back with"):
        tracker.start_run("gone", "a")


def test_an_unknown_run_is_an_error_with_an_address(tracker: Tracker) -> None:
    with pytest.raises(TrackingError, match=r"MLflow at sqlite:.*not found; check the id"):
        tracker.get("0" * 32)
