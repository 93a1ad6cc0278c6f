"""Places of a study's budget, filled by tasks of a cluster."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from itertools import islice
from typing import Final, TypeAlias

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState

from onstage.errors import LostError, OnstageError
from onstage.tracking.lock import locked
from onstage.tuning.bridge import Bridge
from onstage.tuning.recovery import LIVES, bury_place
from onstage.tuning.trials import CONFIG, is_over
from onstage.tuning.worker import TURN, Job


logger = logging.getLogger(__name__)

Dispatch: TypeAlias = Callable[[Job, int], Future[None]]
"""Sends a place of the budget to where :func:`onstage.tuning.worker.fill` fills it. The future
raises LostError where that process died."""

_LOOK: Final = 1.0
"""Seconds between two looks at the study, to show the trials that have begun."""


class Fleet:
    """Tasks that fill the places of a study's budget, on machines that share its folder.

    This process hands out places and shows the trials in MLflow; it alone talks to it. A process
    that dies costs its trial, which is ended as INTERRUPTED and tried again.

    Parameters
    ----------
    job
        What every task is given. ``job.plan.processes`` places are open at the same time.
    study
        The study, as this process sees it.
    bridge
        Where it is shown, if anywhere.
    dispatch
        Sends places out.
    """

    def __init__(
        self, job: Job, study: optuna.Study, bridge: Bridge | None, dispatch: Dispatch
    ) -> None:
        self.job = job
        self.study = study
        self.bridge = bridge
        self.dispatch = dispatch
        self._open: dict[Future[None], int] = {}
        self._begun: set[int] = set()
        self._shown: set[int] = set()
        self._stillborn = 0

    def run(self, slots: Iterator[int], advance: Callable[[], None]) -> None:
        """Fill every place of `slots`, and call `advance` after each.

        Raises
        ------
        OnstageError
            If processes die before they begin. Whatever stops a trial is raised here too.
        """
        known = self.study.get_trials(deepcopy=False)
        self._shown = {trial.number for trial in known if trial.state.is_finished()}
        try:
            while True:
                for slot in islice(slots, self.job.plan.processes - len(self._open)):
                    self._send(slot)
                if not self._open:
                    break
                ended, _ = wait(self._open, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for future in ended:
                    if self._came_back(future, self._open.pop(future)):
                        advance()
                self._show()
        except BaseException:
            self._abandon()
            raise

    def _send(self, slot: int) -> None:
        self._open[self.dispatch(self.job, slot)] = slot

    def _came_back(self, future: Future[None], slot: int) -> bool:
        """Whether the place is filled."""
        try:
            future.result()
        except LostError as error:
            return self._lost(slot, str(error))
        self._stillborn = 0
        return True

    def _lost(self, slot: int, cause: str) -> bool:
        """Make up for a process that died; whether its place is filled all the same."""
        logger.warning("%s: place %d: %s", self.study.study_name, slot, cause)
        with locked(self.job.folder / TURN):
            gone = bury_place(self.study, slot, cause)
        self._stillborn = 0 if gone else self._stillborn + 1
        if self._stillborn >= LIVES:
            message = (
                f"sweep of {self.job.plan.algorithm}: {self._stillborn} workers ended before they "
                f"began, {cause}; check the cluster and the memory of its workers"
            )
            raise OnstageError(message)
        if any(is_over(trial) for trial in gone):
            return True
        self._send(slot)
        return False

    def _show(self) -> None:
        """Show the trials that have begun, and those that are over, once each."""
        if self.bridge is None:
            return
        for trial in self.study.get_trials(deepcopy=False):
            if trial.number in self._shown or trial.state is TrialState.WAITING:
                continue
            if trial.state.is_finished():
                self.bridge.ended(trial)
                self._shown.add(trial.number)
            elif trial.number not in self._begun and CONFIG in trial.user_attrs:
                self.bridge.started(trial)
                self._begun.add(trial.number)

    def _abandon(self) -> None:
        """End the trials that were begun: nobody waits for them any more."""
        with suppress(OSError, StorageInternalError):  # the first error is the one to show
            for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                with suppress(UpdateFinishedTrialError):  # its own process was quicker
                    self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
            self._show()
