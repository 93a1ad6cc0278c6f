"""One process among several that search the same study."""

import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import PicklingError
from typing import Final

from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial
from pydantic import SecretStr

from onstage.errors import OnstageError
from onstage.tracking.lock import locked
from onstage.tuning.objective import Objective
from onstage.tuning.plan import Plan
from onstage.tuning.recovery import bury_place
from onstage.tuning.search import Judge, Search
from onstage.tuning.seat import Seat, claim
from onstage.tuning.storage import opened_study
from onstage.tuning.trials import is_over


ALIVE: Final = "workers.lock"
"""File that every worker shares a lock on while it lives."""
TURN: Final = "ask.lock"
"""File that a worker locks while it takes a trial."""
STARTED, ENDED, DONE, BROKE = "started", "ended", "done", "broke"
"""What a worker tells: its trial has begun, is over, its place is filled; or why it stops."""


@dataclass(frozen=True)
class Job:
    """What a worker is given when it starts; it travels to its process.

    Attributes
    ----------
    name
        Tells what this sweep sends out from what an earlier one on the same study did.
    """

    name: str
    plan: Plan
    folder: Path
    objective: Objective
    pruner: BasePruner
    judge: Judge | None
    storage: SecretStr | None


class _Told:
    """Tells the main process which trials to show: it alone talks to MLflow."""

    def __init__(self, pipe: "Connection[object, object]") -> None:
        self.pipe = pipe

    def started(self, trial: FrozenTrial) -> None:
        self.pipe.send((STARTED, trial.number))

    def ended(self, trial: FrozenTrial) -> None:
        self.pipe.send((ENDED, trial.number))


def work(job: Job, name: str, pipe: "Connection[object, object]") -> None:
    """Fill the places of the budget that come through `pipe`, until None comes.

    The process never outlives the one that started it: after a ``kill -9`` of that one a rerun
    waits for :data:`ALIVE`, so nobody writes to a study behind its back.

    Parameters
    ----------
    name
        Tells this worker's trials from the others'.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides
    with locked(job.folder / ALIVE, shared=True):
        _end_with_parent()
        try:
            _fill(job, name, pipe)
        except BaseException as error:  # noqa: BLE001  # raised again in the main process
            _confess(error, pipe.send)


def fill(job: Job, slot: int) -> None:
    """Fill one place of the budget, in a process that was not started for it.

    A cluster may give the same place to another process when the first one died in it: what that
    one had begun is ended before anything else, and what it had finished fills the place.
    """
    with (
        locked(job.folder / ALIVE, shared=True),
        opened_study(job.folder, job.plan, job.pruner, job.storage) as study,
    ):
        with locked(job.folder / TURN):
            taken = bury_place(study, claim(job.name, slot), "its worker is gone")
        if any(is_over(trial) for trial in taken):
            return
        search = Search(job.plan, study, job.objective, None, job.judge)
        search.seat = Seat(job.name, lambda: locked(job.folder / TURN))
        search.trial(slot)


def _fill(job: Job, name: str, pipe: "Connection[object, object]") -> None:
    with opened_study(job.folder, job.plan, job.pruner, job.storage) as study:
        search = Search(job.plan, study, job.objective, _Told(pipe), job.judge)
        search.seat = Seat(name, lambda: locked(job.folder / TURN))
        while (slot := pipe.recv()) is not None:
            search.trial(int(str(slot)))
            pipe.send((DONE, slot))


def _confess(error: BaseException, send: Callable[[object], None]) -> None:
    if not isinstance(error, OnstageError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        send((BROKE, error))
    except (PicklingError, TypeError, AttributeError, ValueError):  # it cannot travel
        send((BROKE, RuntimeError(f"{type(error).__name__}: {error}")))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="parent").start()
    if not parent.is_alive():
        os.kill(os.getpid(), signal.SIGKILL)
