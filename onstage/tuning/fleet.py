"""Places of a study's budget, filled by tasks of a cluster."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import ClassVar, Final, TypeAlias

import optuna
from typing_extensions import override

from onstage.errors import LostError
from onstage.tuning.bridge import Bridge
from onstage.tuning.places import Places
from onstage.tuning.seat import claim
from onstage.tuning.trials import CONFIG
from onstage.tuning.worker import Job


logger = logging.getLogger(__name__)

Dispatch: TypeAlias = Callable[[Job, int], Future[None]]
"""Sends a place of the budget to where :func:`onstage.tuning.worker.fill` fills it. The future
raises LostError where that process died."""

_LOOK: Final = 1.0
"""Seconds between two looks at the study, to show the trials that have begun."""


class Fleet(Places):
    """Tasks that fill the places of a study's budget, on machines that share its folder.

    This process hands out places, and looks at the study for trials to show.

    Parameters
    ----------
    job, study, bridge
        See :class:`onstage.tuning.places.Places`.
    dispatch
        Sends places out.
    """

    others: ClassVar[str] = "workers"
    remedy: ClassVar[str] = "check the cluster and the memory of its workers"

    @override
    def __init__(
        self, job: Job, study: optuna.Study, bridge: Bridge | None, dispatch: Dispatch
    ) -> None:
        super().__init__(job, study, bridge)
        self.dispatch = dispatch
        self._open: dict[Future[None], int] = {}
        self._begun: set[int] = set()

    def run(self, slots: Iterator[int], advance: Callable[[], None]) -> None:
        """Fill every place of `slots`, and call `advance` after each.

        Raises
        ------
        OnstageError
            If processes die before they begin. Whatever stops a trial is raised here too.
        """
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
                self._look()
        except BaseException:
            self._end_trials()
            raise

    def _send(self, slot: int) -> None:
        self._open[self.dispatch(self.job, slot)] = slot

    def _came_back(self, future: Future[None], slot: int) -> bool:
        """Whether the place is filled."""
        try:
            future.result()
        except LostError as error:
            logger.warning("%s: place %d: %s", self.study.study_name, slot, error)
            if self._make_up(claim(self.job.name, slot), str(error)):
                return True
            self._send(slot)
            return False
        self._filled()
        return True

    def _look(self) -> None:
        """Show the trials that have begun, and those that are over, once each."""
        if self.bridge is None:
            return
        for trial in self._trials():
            if trial.state.is_finished():
                self._show(trial)
            elif trial.number not in self._begun and CONFIG in trial.user_attrs:
                self.bridge.started(trial)
                self._begun.add(trial.number)
