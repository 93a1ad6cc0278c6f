"""Sides that take turns, so that a busy machine is busy for all of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any


def in_turns(
    sides: Mapping[str, Callable[[], Any]],
    rounds: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
    warm: bool = True,
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Seconds of every side in every round, and what each returned last.

    Parameters
    ----------
    clock
        ``time.perf_counter`` for wall seconds, ``time.process_time`` for those of the processor.
    warm
        Whether a first round is run that does not count.
    """
    spent: dict[str, list[float]] = {name: [] for name in sides}
    found: dict[str, Any] = {}
    for number in range(rounds + warm):
        for name, work in sides.items():
            began = clock()
            found[name] = work()
            if number >= warm:
                spent[name].append(clock() - began)
    return spent, found
