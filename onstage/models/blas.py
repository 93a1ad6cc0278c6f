"""One BLAS thread around implicit, which brings threads of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


class _Limit:
    """Shared by all threads: the first one in limits, the last one out restores."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limits: threadpool_limits | None = None

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limits = threadpool_limits(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limits is not None:
                self._limits.restore_original_limits()
                self._limits = None


_LIMIT = _Limit()


@contextmanager
def single_blas() -> Iterator[None]:
    """Limit BLAS to one thread inside the block, in this process.

    implicit spreads users over its own threads; BLAS threads on top make it up to 10x slower. May
    be nested and used by several threads at once.
    """
    import implicit.cpu.als  # noqa: F401  # loads a second BLAS, which must be limited too

    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
