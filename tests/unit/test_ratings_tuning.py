"""A ratings sweep: what it minimises, what it gives up, where it starts."""

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from onstage.errors import ConfigError
from onstage.evaluation.ratings.accuracy import examine
from onstage.evaluation.ratings.folds import k_folds
from onstage.evaluation.ratings.parallel import fold_seed
from onstage.models.catalog import ModelConfig
from onstage.models.ratings.baseline_only import BaselineOnlyConfig
from onstage.models.ratings.target import Ratings
from onstage.testing.examples import crowd
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.ratings.config import FoldPruning, RatingsConfig
from onstage.tuning.ratings.objective import FoldsObjective
from onstage.tuning.ratings.paired import PairedPruner, judged, pruner_of
from onstage.tuning.result import SweepResult
from onstage.tuning.space import load_space
from onstage.tuning.study import sweep


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal is flushed to the disk line by line, which only a power cut would need."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


class Seeing:
    """A watch that wants every look and keeps it."""

    def __init__(self) -> None:
        self.looks: dict[int, float] = {}

    def wants(self, iteration: int) -> bool:
        return True

    def report(self, iteration: int, value: float) -> None:
        self.looks[iteration] = value


def test_the_value_is_minus_the_mean_error_told_fold_by_fold() -> None:
    ratings = Ratings.of(crowd(0, users=25, items=30, rows=300), "rating")
    folds = k_folds(ratings, 3, np.random.default_rng(0))
    watch, config = Seeing(), BaselineOnlyConfig(reg_u=3.0)
    outcome = FoldsObjective(folds, seed=4)(config, watch)
    rmse = [examine(config, fold, fold_seed(4, n))[0].rmse for n, fold in enumerate(folds)]
    assert outcome.value == pytest.approx(-sum(rmse) / 3)
    assert watch.looks == pytest.approx(
        {1: -rmse[0], 2: -(rmse[0] + rmse[1]) / 2, 3: -sum(rmse) / 3}
    )
    assert outcome.metrics["rmse_std"] == pytest.approx(float(np.std(rmse)))


def study_of(trials: list[list[float]]) -> optuna.Study:
    """Completed trials by their errors on three folds, reported as running means."""
    study = optuna.create_study(direction="maximize")
    for errors in trials:
        means = -np.cumsum(errors) / np.arange(1, 4)
        study.add_trial(
            optuna.trial.create_trial(
                value=float(means[2]), intermediate_values={1: means[0], 2: means[1]}
            )
        )
    return study


def running(study: optuna.Study, first: float) -> bool:
    trial = study.ask()
    trial.report(-first, 1)
    frozen = study.get_trials(deepcopy=False)[trial.number]
    return PairedPruner(FoldPruning(after=3, margin=2.0)).prune(study, frozen)


BEST = [0.90, 0.95, 1.00]  # the folds differ far more than the trials


def test_a_trial_behind_the_best_on_the_same_fold_is_given_up() -> None:
    study = study_of([BEST, [0.92, 0.97, 1.02], [0.93, 0.97, 1.03]])
    # behind by .02 and .03 after one fold, by .02 and .0267 in the end: misjudged by 0 and .0033
    margin = 2 * np.sqrt((0**2 + (0.03 - 0.08 / 3) ** 2) / 2)
    assert margin == pytest.approx(0.0047, abs=1e-4)
    assert not running(study, 0.904)
    assert running(study, 0.906)  # though far better than the best trial's own mean of .95
    assert not running(study, 0.80)


def test_folds_that_have_misjudged_are_trusted_less() -> None:
    study = study_of([BEST, [0.90, 0.97, 1.03], [0.94, 0.94, 1.01]])
    # behind by 0 and .04 after one fold, by .0167 and .0133 in the end
    assert not running(study, 0.93)
    assert running(study, 0.96)


def test_nothing_is_given_up_before_there_is_something_to_compare_with() -> None:
    assert not running(study_of([BEST, [0.92, 0.97, 1.02]]), 2.0)
    assert isinstance(pruner_of(FoldPruning(enabled=False)), optuna.pruners.NopPruner)


def test_the_sampler_is_told_what_a_given_up_trial_was_heading_for() -> None:
    study = study_of([BEST, [1.90, 1.95, 2.00]])
    study.add_trial(
        optuna.trial.create_trial(
            state=optuna.trial.TrialState.PRUNED, value=-0.91, intermediate_values={1: -0.91}
        )
    )
    values = [one.value for one in judged(study.get_trials())]
    assert values == pytest.approx([-0.95, -1.95, -0.95 - (0.91 - 0.90)])


class Rated:
    """Errors that grow with the distance of reg_u from 10, on folds of different hardness."""

    def __init__(self) -> None:
        self.fitted = 0
        self.tried: list[ModelConfig] = []

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        assert isinstance(config, BaselineOnlyConfig)
        self.tried.append(config)
        wrong = abs(np.log(config.reg_u / 10)) / 10
        errors: list[float] = []
        for number, hard in enumerate((0.8, 0.9, 1.0), start=1):
            self.fitted += 1
            errors.append(hard + wrong * (1 + 0.01 * number))
            if watch.wants(number):
                watch.report(number, -float(np.mean(errors)))
        return Outcome(-float(np.mean(errors)))


def search(folder: Path, objective: Rated, **more: Any) -> SweepResult:
    space = load_space("baseline_only", {"reg_i": None})
    return sweep(
        "baseline_only",
        None,
        space,
        objective,
        trials=12,
        seed=1,
        folder=folder,
        metric="minus_rmse",
        startup_trials=4,
        progress=False,
        looks=3,
        **more,
    )


def test_a_pruned_sweep_finds_the_same_best_for_fewer_folds(tmp_path: Path) -> None:
    whole, pruned = Rated(), Rated()
    expected = search(tmp_path / "whole", whole, pruner=pruner_of(FoldPruning(enabled=False)))
    found = search(tmp_path / "pruned", pruned, pruner=pruner_of(FoldPruning()), judge=judged)
    assert whole.fitted == 12 * 3
    states = found.trials["state"].value_counts()
    assert states["PRUNED"] >= 4
    assert pruned.fitted < whole.fitted
    assert found.best_value >= expected.best_value - 0.01


def test_a_warm_start_comes_first_and_the_default_second(tmp_path: Path) -> None:
    objective = Rated()
    warm = BaselineOnlyConfig(reg_u=9.0)
    search(tmp_path, objective, warm=warm)
    assert objective.tried[0] == warm
    assert objective.tried[1] == BaselineOnlyConfig()


def test_only_what_is_configured_can_be_compared() -> None:
    config = RatingsConfig()
    assert list(config.asking(None, None, ["nmf", "svd"]).models) == ["nmf", "svd"]
    assert config.asking(500, 2, None).folds == 2
    with pytest.raises(ConfigError, match=r"'als' is not among ratings\.models: svd, svdpp"):
        config.asking(None, None, ["als"])
    with pytest.raises(ConfigError, match="folds 1: there must be at least 2"):
        config.asking(None, 1, None)
