"""How much to search."""

import pytest
from pydantic import ValidationError

from onstage.errors import ConfigError
from onstage.models.memory import MemoryConfig
from onstage.pipeline.sweeping import _asked
from onstage.tuning.config import AlgorithmSweep, Pruning, SweepConfig
from onstage.tuning.plan import Plan
from onstage.tuning.space import make_space


def plan(**changes: object) -> Plan:
    space = make_space(
        MemoryConfig(), {"backoff": {"type": "categorical", "choices": [False, True]}}
    )
    values = {
        "base": MemoryConfig(),
        "space": space,
        "metric": "ndcg_at_10",
        "trials": 20,
        "seed": 0,
        **changes,
    }
    return Plan(**values)


def test_a_number_of_trials_for_all_replaces_those_of_single_algorithms() -> None:
    config = SweepConfig(algorithms={"als": AlgorithmSweep(trials=50, fixed={"factors": 8})})
    few = config.with_trials(3)
    assert few.trials == 3
    assert few.algorithms["als"] == AlgorithmSweep(fixed={"factors": 8})
    assert config.algorithms["als"].trials == 50


def test_a_sweep_without_a_trial_is_refused() -> None:
    with pytest.raises(ConfigError, match="trials 0: a sweep needs at least 1"):
        SweepConfig().with_trials(0)


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="trails"):
        SweepConfig.model_validate({"trails": 3})


def test_no_more_trials_are_planned_than_there_are_configurations() -> None:
    assert plan(trials=20).budget == 2
    assert plan(trials=20).exhaustive
    assert plan(trials=1).budget == 1
    assert not plan(trials=1).exhaustive


def test_a_study_is_the_same_for_the_same_question_and_any_number_of_trials() -> None:
    assert plan(trials=5).study == plan(trials=50).study
    others = [
        plan(seed=1),
        plan(metric="mrr_at_10"),
        plan(base=MemoryConfig(kind="recency")),
        plan(startup_trials=3),
        plan(pruning=Pruning(enabled=False)),
    ]
    assert len({plan().study, *(other.study for other in others)}) == 1 + len(others)


def test_threads_and_processes_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="jobs 2 and processes 2 exclude each other"):
        SweepConfig(jobs=2, processes=2)
    assert SweepConfig(jobs=2).with_processes(3).at_once == 3
    with pytest.raises(ConfigError, match="processes 0: a sweep needs at least 1"):
        SweepConfig().with_processes(0)


def test_how_many_trials_run_at_once_is_no_part_of_the_question_but_whether_several_do() -> None:
    one = _asked(SweepConfig())
    assert one == _asked(SweepConfig(constant_liar=False))  # there is nobody to lie about
    assert "processes" not in one  # as before there were any: finished sweeps are still found
    several = _asked(SweepConfig(processes=2))
    assert several == _asked(SweepConfig(processes=4)) == _asked(SweepConfig(jobs=3))
    assert several != one
    assert several != _asked(SweepConfig(processes=2, constant_liar=False))
