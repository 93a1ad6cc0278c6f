"""One BLAS thread around implicit, which brings threads of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any

from threadpoolctl import ThreadpoolController


class _Limit:
    """Shared by all threads: the first one in limits, the last one out restores.

    OpenBLAS has one pool for the whole process, and threadpoolctl (from 3.8) lets only the thread
    that limited it change it again. First in and last out may be two threads, so a third one, the
    holder, does both.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._controller: Any = None
        self._release = Event()
        self._holder: Thread | None = None

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._controller = self._controller or ThreadpoolController()
                self._release = Event()
                ready = Event()
                self._holder = Thread(target=self._hold, args=(ready,), daemon=True)
                self._holder.start()
                ready.wait()
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._holder is not None:
                self._release.set()
                self._holder.join()

    def _hold(self, ready: Event) -> None:
        try:
            with self._controller.limit(limits=1, user_api="blas"):
                ready.set()
                self._release.wait()
        finally:
            ready.set()


_LIMIT = _Limit()


@contextmanager
def single_blas() -> Iterator[None]:
    """Limit BLAS to one thread inside the block, in this process.

    implicit spreads users over its own threads; BLAS threads on top make it up to 10x slower. May
    be nested and used by several threads at once. Libraries are looked up once, after implicit has
    loaded its own.
    """
    import implicit.cpu.als  # noqa: F401  # loads a second BLAS, which must be limited too

    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
