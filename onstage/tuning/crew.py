"""Worker processes of one study: places are handed out, deaths are made up for."""

import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, ClassVar, Final

import optuna
from typing_extensions import override

from onstage.errors import ConfigError
from onstage.tuning.bridge import Bridge
from onstage.tuning.places import Places
from onstage.tuning.seat import claim
from onstage.tuning.worker import BROKE, DONE, ENDED, STARTED, Job, work


_PATIENCE: Final = 10.0
"""Seconds that an idle worker is given to leave."""


@dataclass
class _Worker:
    name: str
    process: SpawnProcess
    pipe: "Connection[Any, Any]"
    slot: int | None = None


class Crew(Places):
    """Processes of this machine that fill the places of a study's budget.

    Each worker asks, fits and tells by itself; this process hands out places and hears of trials.

    Parameters
    ----------
    job, study, bridge
        See :class:`onstage.tuning.places.Places`.
    """

    others: ClassVar[str] = "worker processes"
    remedy: ClassVar[str] = "check the memory, or give processes: 1"

    @override
    def __init__(self, job: Job, study: optuna.Study, bridge: Bridge | None) -> None:
        super().__init__(job, study, bridge)
        self._workers: list[_Worker] = []

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
            self._filled()
            worker.slot = None
            return True
        if kind == STARTED and self.bridge is not None:
            self.bridge.started(self._trials()[what])
        elif kind == ENDED:
            self._show(self._trials()[what])
        return False

    def _died(self, worker: _Worker) -> bool:
        """Make up for a worker that ended in the middle; whether its place is filled anyway."""
        worker.process.join()
        self._workers.remove(worker)
        cause = f"exit code {worker.process.exitcode}"
        if self._make_up(claim(worker.name, worker.slot), cause):
            return True
        if worker.slot is not None:
            self._give(self._hire(), worker.slot)
        return False

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
        self._end_trials()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()
