"""Trials and backtests on a cluster: the same tables, and a death costs a trial."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from onstage.data.store import Reference
from onstage.errors import OrchestrationError
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.workspace import Workspace
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tuning.journal import JOURNAL
from tests.integration.parallel import Fatal, Faulty, check, search


NEEDED = {"dask": "prefect_dask", "ray": "prefect_ray"}
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),  # what Prefect, Dask and MLflow warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def configured(config: Path, folder: Path, **changes: Any) -> Path:
    raw = yaml.safe_load(config.read_text())
    path = folder / "spread.yaml"
    path.write_text(yaml.safe_dump({**raw, **changes}))
    return path


@pytest.fixture(params=NEEDED)
def kind(request: pytest.FixtureRequest) -> str:
    """Every cluster that is installed."""
    kind = str(request.param)
    extra = f"no {NEEDED[kind]} here: pip install 'onstage[{kind}]'"
    pytest.importorskip(NEEDED[kind], reason=extra)
    return kind


@pytest.fixture
def cluster(config: Path, tmp_path: Path, home: Path, kind: str) -> Iterator[Any]:
    from tasks.spreading import spread

    path = configured(config, tmp_path, runner=kind)
    with spread(Workspace.open(path)) as opened:
        yield opened


def test_backtests_on_a_cluster_are_those_of_this_process_byte_by_byte(
    first: Outcome, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The store names content by its digest, so equal digests are equal bytes."""
    from flows.parts import backtested
    from tasks.spreading import spread

    made: dict[str, dict[str, Reference]] = {}
    for runner in ("local", kind):
        workspace = Workspace.open(configured(config, tmp_path, runner=runner))
        home = workspace.settings.home if runner == "local" else _copy_of_the_log(first, tmp_path)
        monkeypatch.setenv("ONSTAGE_HOME", str(home))
        workspace = Workspace.open(tmp_path / "spread.yaml")
        recipes = [one for one in first.recipes if one.origin != "champion"]
        with spread(workspace) as cluster:
            made[runner] = backtested(workspace, first.log, recipes, cluster)
    assert {name: one.digest for name, one in made[kind].items()} == {
        name: one.digest for name, one in made["local"].items()
    }
    assert not any(one.reused for one in made[kind].values())
    folder = workspace.store.path(made[kind]["als"])
    assert len(pd.read_parquet(next(folder.glob("live-B.parquet")))) > 0


def _copy_of_the_log(first: Outcome, folder: Path) -> Path:
    """A home where nothing but the accepted log was made."""
    import shutil

    from onstage.settings import load_settings

    there = load_settings().store / first.log.name
    shutil.copytree(there, folder / "elsewhere" / "store" / first.log.name)
    return folder / "elsewhere"


KILLER = """
import os, signal
from pathlib import Path
from onstage.evaluation.averaging import by_seed
from onstage.pipeline import backtest

flag = Path({flag!r})

def once(*given):
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return by_seed(*given)

backtest.by_seed = once
"""
"""Kills the first worker that has written one of a backtest's tables and is about the next."""


def test_a_worker_killed_in_mid_backtest_is_made_up_for_to_the_same_bytes(
    first: Outcome, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("prefect_dask", reason="no prefect_dask: pip install 'onstage[dask]'")
    from distributed import LocalCluster

    from flows.parts import backtested
    from tasks.spreading import spread

    recipes = [one for one in first.recipes if one.name == "als"]
    here = Workspace.open(configured(config, tmp_path, runner="local"))
    kept = backtested(here, first.log, recipes, None)["als"]
    monkeypatch.setenv("ONSTAGE_HOME", str(_copy_of_the_log(first, tmp_path)))
    killer = KILLER.format(flag=str(tmp_path / "killed"))
    with LocalCluster(n_workers=1, dashboard_address=None, preload=killer) as there:
        runner = {"kind": "dask", "address": there.scheduler_address, "workers": 1}
        workspace = Workspace.open(configured(config, tmp_path, runner=runner))
        with spread(workspace) as cluster:
            made = backtested(workspace, first.log, recipes, cluster)["als"]
    assert (tmp_path / "killed").exists()
    assert not made.reused
    assert made.digest == kept.digest
    assert workspace.store.sweep_drafts() == 1  # what the dead one had written is removed


def test_a_worker_killed_in_mid_sweep_costs_its_trial_only(cluster: Any, tmp_path: Path) -> None:
    """8 trials are asked for; one worker is killed by SIGKILL in the middle of the first."""
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path / "home"))
    result = search(
        tmp_path, tracker, Fatal(tmp_path, times=1), dispatch=cluster.dispatch, processes=2
    )
    assert check(tracker, result, complete=8) == {"COMPLETE": 8, "INTERRUPTED": 1}
    children = tracker.children(result.run_id or "")
    assert sorted(run.status for run in children) == [*["FINISHED"] * 8, "KILLED"]
    journal = (tmp_path / JOURNAL).read_text()
    assert journal.count('"state":1') == 8  # COMPLETE, in Optuna's numbers
    assert journal.count('"state":3') == 1  # FAIL


def test_a_trial_that_kills_every_worker_is_given_up_after_three(
    cluster: Any, tmp_path: Path
) -> None:
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path / "home"))
    fatal = Fatal(tmp_path, times=99)
    result = search(tmp_path, tracker, fatal, trials=4, dispatch=cluster.dispatch, processes=2)
    assert check(tracker, result, complete=3) == {"COMPLETE": 3, "INTERRUPTED": 2, "FAILED": 1}
    (said,) = result.trials["error"].dropna()
    assert said == "3 processes ended in it, its worker is gone"


def test_a_sweep_on_a_cluster_that_is_there_already_finds_its_best(
    config: Path, tmp_path: Path, home: Path
) -> None:
    pytest.importorskip("prefect_dask", reason="no prefect_dask: pip install 'onstage[dask]'")
    from distributed import LocalCluster

    from flows.sweep import sweep
    from onstage.pipeline.sweeping import best_config

    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as there:
        runner = {"kind": "dask", "address": there.scheduler_address, "workers": 2}
        path = configured(config, tmp_path, runner=runner, name="spread")
        made = sweep(str(path), ["item_knn"], trials=3)
        assert there.scheduler.workers  # it outlives the flow
    counts = made["item_knn"].counts
    assert (counts["trials"], counts["failed"]) == (3, 0)
    assert best_config(Workspace.open(path), made["item_knn"]).algorithm == "item_knn"


def test_one_worker_finds_the_very_sweep_that_this_process_finds(
    config: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    from flows.sweep import sweep
    from onstage.pipeline.sweeping import best_found

    made = {}
    for name, runner in (("here", "local"), (f"on-{kind}", {"kind": kind, "workers": 1})):
        path = configured(config, tmp_path, name=name, runner=runner)
        workspace = Workspace.open(path)
        made[name] = best_found(workspace, sweep(str(path), ["als"], trials=3)["als"])
    assert made["here"] == made[f"on-{kind}"]


def test_ratings_models_are_compared_and_tuned_as_by_this_process(
    config: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    """Numbers, not times: the same folds, seeds and one trial at a time."""
    from flows.compare_ratings import compare_ratings
    from flows.sweep_ratings import sweep_ratings
    from onstage.pipeline.ratings.comparing import table
    from onstage.pipeline.ratings.sweeping import best_of

    ratings = {
        "target": "log_weight",
        "folds": 2,
        "sample": 800,
        "models": {"svd": {"algorithm": "svd", "n_factors": 5}},
        "sweep": {"trials": 2, "folds": 2, "space": {"n_factors": {"low": 5, "high": 15}}},
    }
    found = []
    for name, runner in (("rates", "local"), (f"rates-{kind}", {"kind": kind, "workers": 1})):
        path = configured(config, tmp_path, name=name, runner=runner, ratings=ratings)
        workspace = Workspace.open(path)
        rows = table(workspace, compare_ratings(str(path)))
        best = best_of(workspace, sweep_ratings(str(path))["sweep"])
        numbers = rows[["rmse", "mae", "holdout_rmse", "known"]].to_numpy()
        found.append((numbers.tolist(), best))
    assert found[0] == found[1]


def test_a_cluster_that_is_not_there_is_said_in_one_line(
    config: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    from tasks.spreading import spread

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"{'ray' if kind == 'ray' else 'tcp'}://127.0.0.1:{taken.getsockname()[1]}"
    runner = {"kind": kind, "address": address}
    workspace = Workspace.open(configured(config, tmp_path, runner=runner))
    with spread(workspace) as cluster:
        assert cluster is not None
        said = f"runner {kind} at {address}: nobody answers .* start it, or check runner.address"
        with pytest.raises(OrchestrationError, match=said) as caught:
            search(tmp_path, None, Fatal(tmp_path, 0), dispatch=cluster.dispatch)
    assert "\n" not in str(caught.value)


def test_a_worker_without_our_code_is_refused_in_one_line(
    config: Path, tmp_path: Path, home: Path
) -> None:
    pytest.importorskip("prefect_dask", reason="no prefect_dask: pip install 'onstage[dask]'")
    from distributed import LocalCluster

    from tasks.spreading import spread

    bare = "import sys\nsys.modules['tasks'] = None\n"  # as if it were not installed
    with LocalCluster(n_workers=1, dashboard_address=None, preload=bare) as there:
        runner = {"kind": "dask", "address": there.scheduler_address}
        workspace = Workspace.open(configured(config, tmp_path, runner=runner))
        with spread(workspace) as cluster:
            assert cluster is not None
            said = r"worker tcp://\S+: it cannot run our code .*; install the same release there"
            with pytest.raises(OrchestrationError, match=said) as caught:
                search(tmp_path, None, Fatal(tmp_path, 0), dispatch=cluster.dispatch)
    assert "\n" not in str(caught.value)


def test_a_worker_that_does_not_see_the_home_is_refused(
    tmp_path: Path,
) -> None:
    from tasks.engines.engine import look

    assert look(str(tmp_path)) == (
        f"it does not see the folder {tmp_path}; give ONSTAGE_HOME a folder that is shared"
    )


def test_what_stops_a_trial_stops_the_flow_and_the_cluster_is_left(
    config: Path, tmp_path: Path, home: Path, kind: str
) -> None:
    """The other worker is in the middle of something that takes ten minutes: nobody waits."""
    from tasks.spreading import spread

    workspace = Workspace.open(configured(config, tmp_path, runner=kind))
    with spread(workspace) as cluster:
        assert cluster is not None
        with pytest.raises(TypeError, match="a fault"):
            search(tmp_path, None, Faulty(tmp_path), dispatch=cluster.dispatch, processes=2)
        raised = time.monotonic()
    assert time.monotonic() - raised < 90
