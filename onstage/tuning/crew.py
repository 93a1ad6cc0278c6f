"""Worker processes of one study: places are handed out, deaths are made up for."""

import logging
import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState

from onstage.errors import ConfigError, OnstageError
from onstage.tracking.lock import locked
from onstage.tuning.bridge import Bridge
from onstage.tuning.recovery import LIVES, bury
from onstage.tuning.seat import claim
from onstage.tuning.trials import WORKER, is_over
from onstage.tuning.worker import BROKE, DONE, ENDED, STARTED, TURN, Job, work


logger = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds that an idle worker is given to leave."""


@dataclass
class _Worker:
    name: str
    process: SpawnProcess
    pipe: "Connection[Any, Any]"
    slot: int | None = None


class Crew:
    """Processes that fill the places of a study's budget.

    Each worker asks, fits and tells by itself; this process hands out places, shows the trials in
    MLflow, and takes care that a place is filled exactly once: the trial of a worker that died is
    ended as INTERRUPTED, and its parameters are tried again by another.

    Parameters
    ----------
    job
        What every worker is given.
    study
        The study, as this process sees it.
    bridge
        Where it is shown, if anywhere.
    """

    def __init__(self, job: Job, study: optuna.Study, bridge: Bridge | None) -> None:
        self.job = job
        self.study = study
        self.bridge = bridge
        self._workers: list[_Worker] = []
        self._shown: set[int] = set()
        self._stillborn = 0

    def run(self, slots: Iterator[int], advance: Callable[[], None]) -> None:
        """Fill every place of `slots`, and call `advance` after each.

        Raises
        ------
        ConfigError
            If the objective cannot travel to another process.
        OnstageError
            If workers die before they begin. Whatever stops a worker is raised here too, after
            the others were stopped.
        """
        try:
            while True:
                self._hand_out(slots)
                busy = [one for one in self._workers if one.slot is not None]
                if not busy:
                    break
                for pipe in wait([one.pipe for one in busy]):
                    worker = next(one for one in busy if one.pipe is pipe)
                    if self._hear(worker):
                        advance()
            self._dismiss()
        except BaseException:
            self._abandon()
            raise

    def _hand_out(self, slots: Iterator[int]) -> None:
        idle = [one for one in self._workers if one.slot is None]
        while len(self._workers) < self.job.plan.processes or idle:
            slot = next(slots, None)
            if slot is None:
                return
            worker = idle.pop() if idle else self._hire()
            self._give(worker, slot)

    def _give(self, worker: _Worker, slot: int) -> None:
        worker.slot = slot
        with suppress(BrokenPipeError):  # its death is heard of in a moment
            worker.pipe.send(slot)

    def _hire(self) -> _Worker:
        context = get_context("spawn")
        name = uuid.uuid4().hex[:12]
        mine, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(self.job, name, theirs), name=f"trial-{name}", daemon=True
        )
        try:
            process.start()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            message = (
                f"processes {self.job.plan.processes}: the objective cannot travel to another "
                f"process ({error}); define it in a module, or use jobs"
            )
            raise ConfigError(message) from error
        theirs.close()
        worker = _Worker(name, process, mine)
        self._workers.append(worker)
        return worker

    def _hear(self, worker: _Worker) -> bool:
        """Take one message; whether the worker's place is filled now."""
        try:
            kind, what = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            return self._died(worker)
        if kind == BROKE:
            raise what
        if kind == DONE:
            self._stillborn = 0
            worker.slot = None
            return True
        if kind == STARTED and self.bridge is not None:
            self.bridge.started(self._frozen(what))
        elif kind == ENDED:
            self._show(self._frozen(what))
        return False

    def _frozen(self, number: int) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[number]

    def _show(self, trial: FrozenTrial) -> None:
        """Show what came of a trial, once."""
        if self.bridge is not None and trial.number not in self._shown:
            self.bridge.ended(trial)
            self._shown.add(trial.number)

    def _died(self, worker: _Worker) -> bool:
        """Make up for a worker that ended in the middle; whether its place is filled all the same.

        Whoever takes a trial holds the turn until it is marked as taken: an open trial without a
        mark, seen while nobody else holds the turn, was the dead worker's.
        """
        worker.process.join()
        self._workers.remove(worker)
        slot, cause = worker.slot, f"exit code {worker.process.exitcode}"
        mark = claim(worker.name, slot)
        with locked(self.job.folder / TURN):
            trials = self.study.get_trials(deepcopy=False)
            mine = [t for t in trials if t.user_attrs.get(WORKER) == mark or _unmarked(t)]
            for trial in mine:
                if trial.state is TrialState.RUNNING:
                    bury(self.study, trial, cause)
        self._survive(mine, cause)
        ended = [self._frozen(trial.number) for trial in mine]
        for trial in ended:
            self._show(trial)
        if any(is_over(trial) for trial in ended):
            return True
        if slot is not None:
            self._give(self._hire(), slot)
        return False

    def _survive(self, trials: list[FrozenTrial], cause: str) -> None:
        self._stillborn = 0 if trials else self._stillborn + 1
        if self._stillborn >= LIVES:
            message = (
                f"sweep of {self.job.plan.algorithm}: {self._stillborn} worker processes ended "
                f"before they began, {cause}; check the memory, or give processes: 1"
            )
            raise OnstageError(message)

    def _dismiss(self) -> None:
        """Let idle workers leave."""
        for worker in self._workers:
            with suppress(BrokenPipeError):
                worker.pipe.send(None)
        for worker in self._workers:
            worker.process.join(_PATIENCE)
        self._stop()

    def _abandon(self) -> None:
        """Stop every worker, and end the trials that they had begun."""
        self._stop()
        with suppress(OSError, StorageInternalError):  # the first error is the one to show
            for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                self.study.tell(trial.number, state=TrialState.FAIL)
                self._show(self._frozen(trial.number))

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()


def _unmarked(trial: FrozenTrial) -> bool:
    return trial.state is TrialState.RUNNING and WORKER not in trial.user_attrs
