"""Places of a study's budget that other processes fill: trials shown once, deaths made up for."""

from contextlib import suppress
from typing import ClassVar

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from onstage.errors import OnstageError
from onstage.tracking.lock import locked
from onstage.tuning.bridge import Bridge
from onstage.tuning.recovery import LIVES, bury_place
from onstage.tuning.trials import is_over
from onstage.tuning.worker import TURN, Job


class Places:
    """Takes care that every place is filled exactly once, whoever dies in it.

    The trial of a process that died is ended as INTERRUPTED, and its parameters are tried again by
    another. This process alone talks to MLflow.

    Parameters
    ----------
    job
        What the others are given. ``job.plan.processes`` places are open at the same time.
    study
        The study, as this process sees it.
    bridge
        Where it is shown, if anywhere.
    """

    others: ClassVar[str]
    """Who fills the places, as an error calls them."""
    remedy: ClassVar[str]
    """What to do where they die before they begin."""

    def __init__(self, job: Job, study: optuna.Study, bridge: Bridge | None) -> None:
        self.job = job
        self.study = study
        self.bridge = bridge
        self._shown = {one.number for one in self._trials() if one.state.is_finished()}
        self._stillborn = 0

    def _show(self, trial: FrozenTrial) -> None:
        """Show what came of a trial, once."""
        if self.bridge is not None and trial.number not in self._shown:
            self.bridge.ended(trial)
            self._shown.add(trial.number)

    def _filled(self) -> None:
        """Somebody came back from a place: they do begin."""
        self._stillborn = 0

    def _make_up(self, mark: str, cause: str) -> bool:
        """Make up for a process that died; whether its place is filled all the same.

        Raises
        ------
        OnstageError
            If one after the other died before it began.
        """
        with locked(self.job.folder / TURN):
            taken = bury_place(self.study, mark, cause)
        self._stillborn = 0 if taken else self._stillborn + 1
        if self._stillborn >= LIVES:
            message = (
                f"sweep of {self.job.plan.algorithm}: {self._stillborn} {self.others} ended before "
                f"they began, {cause}; {self.remedy}"
            )
            raise OnstageError(message)
        for trial in taken:
            self._show(trial)
        return any(is_over(trial) for trial in taken)

    def _end_trials(self) -> None:
        """End the trials that were begun: nobody waits for them any more."""
        with suppress(OSError, StorageInternalError):  # the first error is the one to show
            for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                with suppress(UpdateFinishedTrialError):  # its own process was quicker
                    self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            for trial in self._trials():
                if trial.state.is_finished():
                    self._show(trial)

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)
