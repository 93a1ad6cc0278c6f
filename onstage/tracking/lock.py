"""A lock on a file that dies with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, wait: bool = True, shared: bool = False) -> Iterator[None]:
    """Hold a lock on `path`, a file made for nothing else.

    The kernel lets go of it when the process ends, however it ends: a ``kill -9`` leaves no lock
    behind. Threads of one process exclude each other too. The file stays where it is.

    Parameters
    ----------
    wait
        Whether to wait for the holder, or to give up at once.
    shared
        Whether others that share it may hold it too; by default nobody else may.

    Raises
    ------
    BlockingIOError
        If somebody else holds the lock and `wait` is False.
    OSError
        If the file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, kind | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)
