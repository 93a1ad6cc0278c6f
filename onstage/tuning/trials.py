"""What is kept of a trial, and what can be told from it."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from onstage.columns import Columns
from onstage.models.catalog import ModelConfig, parse


CONFIG: Final = "config"
"""Attribute with the whole configuration, before the trial starts."""
PLANNED: Final = "planned"
"""Attribute with the parameters of a trial that was laid down beforehand."""
DEFAULT: Final = "default"
"""Attribute of the trial that fits the base configuration as it is."""
OUTCOME: Final = "outcome"
"""Attribute with seconds and further metrics, after the trial ended."""
ERROR: Final = "error"
"""Attribute with the one line that says why it failed."""

SAME: Final = "same_as"
"""Attribute with the number of an earlier trial of the same configuration, whose result it has."""

WORKER: Final = "worker"
"""Attribute with who took the trial, for which place, where several search at the same time."""
DEATHS: Final = "deaths"
"""Attribute with how many processes died of these parameters."""

INTERRUPTED: Final = "INTERRUPTED"


def state_of(trial: FrozenTrial) -> str:
    """COMPLETE, PRUNED, FAILED by its own error, INTERRUPTED from outside, or RUNNING, WAITING."""
    if trial.state is TrialState.FAIL:
        return "FAILED" if ERROR in trial.user_attrs else INTERRUPTED
    return str(trial.state.name)


def is_over(trial: FrozenTrial) -> bool:
    """Whether the trial used up its place: an interrupted one is run again."""
    return trial.state.is_finished() and state_of(trial) != INTERRUPTED


def config_of(trial: FrozenTrial) -> ModelConfig | None:
    """The configuration that was tried; None where the trial was stopped before it had one."""
    raw = trial.user_attrs.get(CONFIG)
    return None if raw is None else parse(raw)


def outcome_of(trial: FrozenTrial) -> Mapping[str, Any]:
    """``fit_seconds``, ``evaluate_seconds`` and ``metrics``; empty while it runs."""
    outcome: Mapping[str, Any] = trial.user_attrs.get(OUTCOME, {})
    return outcome


def table(trials: list[FrozenTrial]) -> pd.DataFrame:
    """One row per trial that was started.

    Returns
    -------
    pandas.DataFrame
        ``number``, ``state`` (see :func:`state_of`), ``value`` (of a pruned trial: its last look;
        ``nan`` where there is none), ``fit_seconds``, ``evaluate_seconds``, ``error`` (None where
        there was none) and ``params.<name>`` for every searched parameter, as text where a
        parameter's values are of several types.
    """
    rows = []
    for trial in trials:
        if trial.state is TrialState.WAITING:
            continue
        outcome = outcome_of(trial)
        rows.append(
            {
                "number": trial.number,
                "state": state_of(trial),
                Columns.VALUE: float("nan") if trial.value is None else trial.value,
                "fit_seconds": outcome.get("fit_seconds", float("nan")),
                "evaluate_seconds": outcome.get("evaluate_seconds", float("nan")),
                "error": trial.user_attrs.get(ERROR),
                **{f"params.{name}": value for name, value in trial.params.items()},
            }
        )
    made = pd.DataFrame(rows)
    for column in made.columns[made.columns.str.startswith("params.")]:
        kinds = {type(value) for value in made[column].dropna()}
        if len(kinds) > 1 and not kinds <= {int, float}:
            made[column] = [json.dumps(value) for value in made[column]]
    return made
