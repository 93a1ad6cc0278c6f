"""torch: whether it is there, on how many threads it runs, and where."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from onstage.errors import ConfigError
from onstage.models.extra import need


def need_torch(algorithm: str) -> None:
    """Refuse to go on without torch.

    Raises
    ------
    ConfigError
        With what to install.
    """
    message = (
        f"{algorithm} needs torch, which is not installed; run "
        "`pip install 'onstage[deep]'` or `make deep`"
    )
    need("torch", message)


def device_of(wanted: str) -> str:
    """``cuda`` or ``cpu``; ``auto`` takes a GPU where there is one.

    Raises
    ------
    ConfigError
        If ``cuda`` is wanted and there is none.
    """
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        message = "device 'cuda': torch finds no GPU; use 'cpu' or 'auto'"
        raise ConfigError(message)
    return "cuda" if there and wanted != "cpu" else "cpu"


class _Single:
    """torch on one thread an operation; the first one in sets it, the last one out restores."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._before = 1

    def enter(self) -> None:
        import torch

        with self._lock:
            if self._inside == 0:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def leave(self) -> None:
        import torch

        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                torch.set_num_threads(self._before)


_SINGLE = _Single()


@contextmanager
def single_torch() -> Iterator[None]:
    """One thread inside each operation of torch, in this process.

    How a sum is split over threads changes its last bits. We run whole parts of a batch side by
    side instead: faster for small operations, and the same bits on any number of threads.
    """
    _SINGLE.enter()
    try:
        yield
    finally:
        _SINGLE.leave()


def threads_of(wanted: int) -> int:
    """Threads to use; 0 means as many as there are cores."""
    return wanted or os.cpu_count() or 1
