"""Objectives and checks of sweeps over several processes, in a module that workers import."""

import math
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.tracking import Tracker
from onstage.tuning.bridge import STATE, TRIAL
from onstage.tuning.journal import open_journal
from onstage.tuning.objective import Objective, Outcome, Watch
from onstage.tuning.result import SweepResult
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep


SPACE = make_space(
    MemoryConfig(),
    {
        "kind": {"type": "categorical", "choices": ["count", "recency", "decay"]},
        "half_life_days": {"type": "float", "low": 0.1, "high": 30.0, "log": True},
    },
)


@dataclass(frozen=True)
class Peak:
    """Largest, 1, for decay with a half-life of 5 days; says which process fitted."""

    seconds: float = 0.05

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        assert isinstance(config, MemoryConfig)
        time.sleep(self.seconds)
        value = (config.kind == "decay") - abs(math.log(config.half_life_days / 5))
        return Outcome(value, {"process": os.getpid()})


@dataclass(frozen=True)
class Fatal:
    """Kills its process by SIGKILL at the default configuration, the first few times."""

    folder: Path
    times: int

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        deaths = len(list(self.folder.glob("death-*")))
        if config == MemoryConfig() and deaths < self.times:
            (self.folder / f"death-{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Peak()(config, watch)


@dataclass(frozen=True)
class Faulty:
    """Has a fault in every trial but the first, which takes ten minutes."""

    folder: Path

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        first = self.folder / "first"
        try:
            first.touch(exist_ok=False)
        except FileExistsError:
            raise TypeError("a fault") from None
        time.sleep(600)
        return Peak()(config, watch)


def faulty(config: ModelConfig, watch: Watch) -> Outcome:
    raise TypeError("a fault")


def search(
    folder: Path,
    tracker: Tracker | None,
    objective: Objective,
    *,
    trials: int = 8,
    processes: int = 2,
    experiment: str = "parallel",
    **more: Any,
) -> SweepResult:
    return sweep(
        "memory",
        None,
        SPACE,
        objective,
        trials=trials,
        seed=1,
        folder=folder,
        metric="ndcg_at_10",
        tracker=tracker,
        experiment=experiment,
        startup_trials=4,
        processes=processes,
        progress=False,
        **more,
    )


def check(tracker: Tracker, result: SweepResult, *, complete: int) -> Counter[str]:
    """Study and MLflow agree: one child a trial, the same values, nobody left running.

    Returns
    -------
    collections.Counter
        How many trials ended in which state.
    """
    states = Counter(result.trials["state"])
    assert states["COMPLETE"] == complete
    assert not {"RUNNING", "WAITING"} & set(states)
    assert result.run_id is not None
    children = tracker.children(result.run_id)
    by_number = {int(run.tags[TRIAL]): run for run in children}
    assert len(by_number) == len(children) == len(result.trials)
    for row in result.trials.itertuples():
        run = by_number[int(row.number)]
        assert run.tags[STATE] == row.state
        if row.state == "COMPLETE":
            assert (run.status, run.metrics["value"]) == ("FINISHED", row.value)
    assert tracker.get(result.run_id).status == "FINISHED"
    assert tracker.search("parallel", status="RUNNING") == []
    return states


def check_stopped(tracker: Tracker, folder: Path) -> None:
    """Nothing of a sweep that a fault stopped runs, neither in MLflow nor in the study."""
    assert tracker.search("parallel", status="RUNNING") == []
    (study,) = open_journal(folder).get_all_studies()
    trials = open_journal(folder).get_all_trials(study._study_id)
    assert {trial.state.name for trial in trials} <= {"FAIL", "WAITING"}


def processes_of(tracker: Tracker, result: SweepResult) -> set[int]:
    """Processes that fitted."""
    fitted = (run.metrics for run in tracker.children(result.run_id or ""))
    name = "validation_process"
    return {int(metrics[name]) for metrics in fitted if name in metrics}
