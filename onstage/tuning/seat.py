"""Who asks a study for trials."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, TypeAlias


Turn: TypeAlias = Callable[[], AbstractContextManager[Any]]
"""Makes what is held while a trial is asked for."""


class Seat:
    """Who asks for trials, and how it comes to its turn.

    Parameters
    ----------
    name
        Tells a process, or what a sweep sends out, from the others that search the same study; None
        where there is one.
    turn
        Held while a trial is asked for: the threads of one process by default.
    """

    def __init__(self, name: str | None = None, turn: Turn | None = None) -> None:
        lock = Lock()
        self.name = name
        self.turn: Turn = turn or (lambda: lock)


def claim(name: str, slot: int | None) -> str:
    """Mark of the trial that `name` took for a place of the budget."""
    return f"{name}/{slot}"
