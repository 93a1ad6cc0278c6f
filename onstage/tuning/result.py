"""What a sweep found, and the files that say so."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from onstage.errors import OnstageError
from onstage.files import replacing
from onstage.models.catalog import ModelConfig
from onstage.tuning.plan import Plan
from onstage.tuning.trials import ERROR, config_of, is_over, outcome_of, table


TRIALS: Final = "trials.parquet"
BEST: Final = "best.json"
_ENOUGH: Final = 4


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a sweep found.

    Attributes
    ----------
    algorithm
        Whose hyperparameters were searched.
    best_config, best_value
        Of the completed trial with the largest value; the earliest among equals, so the default
        wins unless something is better.
    trials
        See :func:`onstage.tuning.trials.table`. Numbers are those of the study, and of the
        children in MLflow.
    study
        The study's name (:attr:`onstage.tuning.plan.Plan.study`).
    run_id
        The study's MLflow run; None without a tracker.
    fit_seconds, evaluate_seconds
        Over all trials, those of an earlier, interrupted process included.
    importance
        Share of each parameter in the variation of the value, largest first; empty where fewer
        than four trials completed or nothing varied.
    """

    algorithm: str
    best_config: ModelConfig
    best_value: float
    trials: pd.DataFrame
    study: str
    run_id: str | None
    fit_seconds: float
    evaluate_seconds: float
    importance: Mapping[str, float]


def conclude(study: optuna.Study, plan: Plan, run_id: str | None) -> SweepResult:
    """Read the result off a study.

    Raises
    ------
    OnstageError
        If no trial completed.
    """
    trials = study.get_trials(deepcopy=False)
    over = [trial for trial in trials if is_over(trial)]
    complete = [trial for trial in over if trial.state is TrialState.COMPLETE]
    if not complete:
        last = over[-1].user_attrs.get(ERROR, "pruned") if over else "none was started"
        message = (
            f"sweep of {plan.algorithm}: none of {len(over)} trials completed (last: {last}); "
            "check the data, or narrow the space in the configuration's sweep.algorithms"
        )
        raise OnstageError(message)
    best = max(complete, key=lambda trial: trial.value or 0.0)
    config = config_of(best)
    return SweepResult(
        algorithm=plan.algorithm,
        best_config=plan.base if config is None else config,
        best_value=float(best.value or 0.0),
        trials=table(trials),
        study=plan.study,
        run_id=run_id,
        fit_seconds=sum(outcome_of(trial).get("fit_seconds", 0.0) for trial in over),
        evaluate_seconds=sum(outcome_of(trial).get("evaluate_seconds", 0.0) for trial in over),
        importance=_importance(study, complete),
    )


def _importance(study: optuna.Study, complete: list[FrozenTrial]) -> dict[str, float]:
    varied = len({trial.value for trial in complete}) > 1 and any(t.params for t in complete)
    if len(complete) < _ENOUGH or not varied:
        return {}
    with warnings.catch_warnings():  # few trials are expected, and said in the documentation
        warnings.simplefilter("ignore", UserWarning)
        shares = optuna.importance.get_param_importances(study)
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def write(result: SweepResult, plan: Plan, folder: Path) -> None:
    """Write ``trials.parquet`` and ``best.json``, each whole or not at all."""
    _replace(folder / TRIALS, result.trials.to_parquet(index=False))
    best = {
        "algorithm": result.algorithm,
        "config": result.best_config.model_dump(mode="json"),
        "value": result.best_value,
        "metric": plan.metric,
        "seed": plan.seed,
        "study": result.study,
        "importance": dict(result.importance),
    }
    _replace(folder / BEST, (json.dumps(best, indent=1) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    with replacing(path, "choose a writable folder") as draft:
        draft.write_bytes(content)
