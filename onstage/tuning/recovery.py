"""Trials whose process ended before they did: run again, or given up."""

import logging
from collections.abc import Sequence
from typing import Final

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from onstage.tuning.trials import (
    CONFIG,
    DEATHS,
    DEFAULT,
    ERROR,
    INTERRUPTED,
    PLANNED,
    WORKER,
    is_over,
    state_of,
)


logger = logging.getLogger(__name__)

LIVES: Final = 3
"""Processes that may die of the same parameters before these are given up."""


def recover(study: optuna.Study) -> None:
    """Put in order what an earlier process left: its open trials are run again."""
    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        if state_of(trial) not in {"RUNNING", INTERRUPTED}:
            continue
        _lay_down(study, trial, trials, int(trial.user_attrs.get(DEATHS, 0)))
        if trial.state is TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
            logger.info("%s: trial %d was interrupted", study.study_name, trial.number)


def bury(study: optuna.Study, trial: FrozenTrial, cause: str) -> None:
    """End a running trial whose process died: INTERRUPTED, and its parameters are run again.

    FAILED, and not run again, where :data:`LIVES` processes died of these parameters: something in
    them kills, usually by taking all memory.
    """
    deaths = int(trial.user_attrs.get(DEATHS, 0)) + 1
    if deaths < LIVES:
        _lay_down(study, trial, study.get_trials(deepcopy=False), deaths)
    else:
        open_one = Trial(study, trial._trial_id)  # noqa: SLF001  # Optuna has no other way to it
        open_one.set_user_attr(ERROR, f"{deaths} processes ended in it, {cause}")
    study.tell(trial.number, state=TrialState.FAIL)
    logger.warning("%s: trial %d ended with its process, %s", study.study_name, trial.number, cause)


def bury_place(study: optuna.Study, mark: str, cause: str) -> list[FrozenTrial]:
    """End the running trials of a process that died while it filled a place of the budget.

    Whoever takes a trial holds the turn until it is marked: an open trial without a mark, seen by
    who holds the turn, is a dead process's too.

    Parameters
    ----------
    mark
        What it marks its trials with (:func:`onstage.tuning.seat.claim`).

    Returns
    -------
    list of FrozenTrial
        What they are now, and those that used up the place before it died.
    """
    trials = study.get_trials(deepcopy=False)
    taken = [t for t in trials if _taken(t, mark) and (t.state is TrialState.RUNNING or is_over(t))]
    for trial in taken:
        if trial.state is TrialState.RUNNING:
            bury(study, trial, cause)
    now = study.get_trials(deepcopy=False)
    return [now[trial.number] for trial in taken]


def _taken(trial: FrozenTrial, mark: str) -> bool:
    unmarked = trial.state is TrialState.RUNNING and WORKER not in trial.user_attrs
    return unmarked or trial.user_attrs.get(WORKER) == mark


def _lay_down(
    study: optuna.Study, trial: FrozenTrial, trials: Sequence[FrozenTrial], deaths: int
) -> None:
    """Enqueue the parameters of `trial`, unless a later trial has them already."""
    whole = CONFIG in trial.user_attrs
    again = trial.params if whole else trial.user_attrs.get(PLANNED)
    later = [t.user_attrs.get(PLANNED) for t in trials[trial.number + 1 :]]
    if again is None or again in later:
        return
    attributes = {PLANNED: again, DEFAULT: trial.user_attrs.get(DEFAULT, False)}
    if deaths:
        attributes[DEATHS] = deaths
    study.enqueue_trial(again, user_attrs=attributes)
