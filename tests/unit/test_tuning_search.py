"""The loop of a sweep, without MLflow: what is tried, kept and run again."""

import json
import math
import threading
from pathlib import Path

import pandas as pd
import pytest

from onstage.models.als import AlsConfig
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.tuning.config import Pruning
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.result import SweepResult
from onstage.tuning.space import make_space
from tests.unit.searching import KINDS, PARAMS, Counting, peak, raises, search


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal is flushed to the disk line by line, which only a power cut would need."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


def finished(result: SweepResult) -> pd.DataFrame:
    kept = result.trials[result.trials["state"].isin(["COMPLETE", "PRUNED"])]
    return kept[["value", *PARAMS]].reset_index(drop=True)


def test_the_first_trial_is_the_default_even_where_the_space_excludes_it(tmp_path: Path) -> None:
    space = make_space(
        MemoryConfig(), {"half_life_days": {"type": "float", "low": 10.0, "high": 20.0}}
    )
    tried: list[ModelConfig] = []

    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        tried.append(config)
        return Outcome(-float(len(tried)))  # the first is the best

    result = search(tmp_path, objective, trials=3, space=space)
    assert tried[0] == MemoryConfig() == result.best_config
    assert all(10 <= config.half_life_days <= 20 for config in tried[1:])  # type: ignore[union-attr]


def test_the_best_completed_trial_wins_and_equals_go_to_the_default(tmp_path: Path) -> None:
    result = search(tmp_path / "peak")
    assert result.best_value == result.trials["value"].max()
    assert peak(result.best_config, None).value == result.best_value  # type: ignore[arg-type]
    flat = search(tmp_path / "flat", lambda config, watch: Outcome(0.5))
    assert flat.best_config == MemoryConfig()
    assert flat.importance == {}


def test_the_same_seed_gives_the_same_trials_and_another_seed_others(tmp_path: Path) -> None:
    one, same, other = (search(tmp_path / str(i), seed=s) for i, s in enumerate([3, 3, 4]))
    pd.testing.assert_frame_equal(finished(one), finished(same))
    assert one.best_config == same.best_config
    assert not finished(one).equals(finished(other))


@pytest.mark.parametrize("at", [1, 2, 6, 12])
def test_an_interrupted_sweep_ends_as_if_nothing_had_happened(tmp_path: Path, at: int) -> None:
    whole = search(tmp_path / "whole")
    broken = Counting(at, raises(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "broken", broken)
    rest = Counting()
    resumed = search(tmp_path / "broken", rest)
    assert rest.calls == 12 - (at - 1)  # the finished are not run again, the interrupted one is
    assert (resumed.trials["state"] == "INTERRUPTED").sum() == 1
    pd.testing.assert_frame_equal(finished(whole), finished(resumed))
    best = [json.loads((tmp_path / name / "best.json").read_text()) for name in ("whole", "broken")]
    assert best[0] == best[1]


def test_a_finished_sweep_runs_nothing_again_and_more_trials_go_on(tmp_path: Path) -> None:
    first = search(tmp_path, trials=5)
    again = Counting()
    pd.testing.assert_frame_equal(finished(search(tmp_path, again, trials=5)), finished(first))
    assert again.calls == 0
    longer = search(tmp_path, again, trials=8)
    assert again.calls == 3
    pd.testing.assert_frame_equal(finished(longer).head(5), finished(first))
    pd.testing.assert_frame_equal(finished(longer), finished(search(tmp_path / "x", trials=8)))


def test_another_question_in_the_same_folder_starts_its_own_study(tmp_path: Path) -> None:
    search(tmp_path, trials=3)
    fresh = Counting()
    search(tmp_path, fresh, trials=3, seed=9)
    assert fresh.calls == 3


def test_a_small_space_is_searched_exhaustively_each_configuration_once(tmp_path: Path) -> None:
    space = make_space(
        MemoryConfig(),
        {
            "kind": KINDS,
            "half_life_days": {
                "type": "float",
                "low": 1,
                "high": 3,
                "step": 1,
                "when": {"kind": ["decay"]},
            },
        },
    )
    result = search(tmp_path, trials=50, space=space)
    assert len(result.trials) == 2 + 3  # count, recency, and decay with 1, 2, 3 days
    assert not result.trials.duplicated(PARAMS).any()
    assert result.best_config == MemoryConfig(kind="decay", half_life_days=3.0)


def test_an_algorithm_without_parameters_is_tried_once(tmp_path: Path) -> None:
    result = search(tmp_path, trials=50, space=make_space(MemoryConfig(), {}))
    assert len(result.trials) == 1
    assert result.best_config == MemoryConfig()


def test_a_configuration_that_is_known_is_not_fitted_again(tmp_path: Path) -> None:
    half_life = {"type": "float", "low": 0.1, "high": 30.0, "when": {"kind": ["decay"]}}
    space = make_space(MemoryConfig(), {"kind": KINDS, "half_life_days": half_life})
    fitted = Counting()
    result = search(tmp_path, fitted, trials=12, space=space)
    kinds = result.trials["params.kind"].value_counts()
    assert len(result.trials) == 12
    assert fitted.calls == kinds["decay"] + 2 < 12  # count and recency once each


def test_parallel_trials_fill_the_budget_exactly(tmp_path: Path) -> None:
    meeting = threading.Barrier(3)

    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        meeting.wait(timeout=30)  # only passes if three trials run at the same time
        return peak(config, watch)

    result = search(tmp_path, objective, trials=12, jobs=3)
    assert result.trials["state"].tolist() == ["COMPLETE"] * 12
    assert result.trials["number"].tolist() == list(range(12))


def test_out_of_time_no_new_trial_starts_but_one_always_does(tmp_path: Path) -> None:
    for jobs in (1, 2):
        result = search(tmp_path / str(jobs), jobs=jobs, timeout_seconds=1e-9)
        assert len(result.trials) == 1
        assert result.best_config == MemoryConfig()


def learning(config: ModelConfig, watch: Watch) -> Outcome:
    """A model that improves by `alpha` with every iteration."""
    assert isinstance(config, AlsConfig)
    for iteration in range(1, config.iterations + 1):
        if watch.wants(iteration):
            watch.report(iteration, config.alpha * iteration)
    return Outcome(config.alpha * config.iterations)


def test_a_trial_below_the_median_at_the_same_iteration_is_given_up(tmp_path: Path) -> None:
    space = make_space(AlsConfig(), {"alpha": {"type": "float", "low": 1.0, "high": 100.0}})
    pruning = Pruning(interval=3, patience=1, after=2)
    result = search(tmp_path, learning, trials=15, space=space, pruning=pruning)
    pruned = result.trials[result.trials["state"] == "PRUNED"]
    assert 0 < len(pruned) < 13
    assert (pruned["number"] >= 2).all()
    # The first look, after iteration 3, is given to everyone; the second, after 6, decides.
    assert pruned["value"].tolist() == pytest.approx((pruned["params.alpha"] * 6).tolist())
    assert result.best_value == result.trials["value"].max()


def test_without_pruning_nobody_looks(tmp_path: Path) -> None:
    looks: list[bool] = []

    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        looks.extend(watch.wants(iteration) for iteration in range(1, 16))
        return Outcome(0.0)

    space = make_space(AlsConfig(), {"alpha": {"type": "float", "low": 1.0, "high": 100.0}})
    search(tmp_path / "off", objective, trials=1, space=space, pruning=Pruning(enabled=False))
    assert not any(looks)
    looks.clear()
    search(tmp_path / "on", objective, trials=1, space=space, pruning=Pruning(interval=5))
    assert [i for i, wanted in enumerate(looks, 1) if wanted] == [5, 10]  # 15 is the end itself


def test_the_table_of_trials_survives_parquet(tmp_path: Path) -> None:
    result = search(tmp_path)
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "trials.parquet"), result.trials, check_dtype=False
    )


def test_importance_names_the_parameter_that_moves_the_value(tmp_path: Path) -> None:
    def objective(config: ModelConfig, watch: Watch) -> Outcome:
        assert isinstance(config, MemoryConfig)
        return Outcome(math.log(config.half_life_days))

    importance = search(tmp_path, objective, trials=20).importance
    assert next(iter(importance)) == "half_life_days"
    assert sum(importance.values()) == pytest.approx(1.0)
