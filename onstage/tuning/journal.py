"""Where a study is kept: a journal file that a killed process cannot block or break."""

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path
from threading import local
from typing import Any, BinaryIO, Final

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from typing_extensions import override

from onstage.errors import StoreError
from onstage.tracking.lock import locked


JOURNAL: Final = "study.journal"
_BLOCK: Final = 4096
"""Bytes read at a time from the end."""
_PASSING: Final = frozenset({4, 5, 7, 8, 9})
"""Optuna's codes of lines about an open trial: made, a parameter, a look, attributes."""


class KernelLock(JournalFileOpenLock):
    """Lock of the journal that ends with its process.

    Optuna's own locks are files: after a ``kill -9`` the next process waits 30 seconds for one.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._path = journal.with_name(journal.name + ".flock")
        self._held = local()

    @override
    def acquire(self) -> bool:
        held: AbstractContextManager[None] = locked(self._path)
        held.__enter__()
        self._held.lock = held
        return True

    @override
    def release(self) -> None:
        self._held.lock.__exit__(None, None, None)


class Backend(JournalFileBackend):
    """Journal that waits for the disk when a trial ends, not for each of its parameters.

    A killed process loses nothing by it; a power cut may take the open trials, which are run again.
    What a writer left half-written when it was killed, or when the disk was full, is taken off by
    the next one: nobody else writes while it holds the lock.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal), lock_obj=KernelLock(journal))
        self._path = journal

    @override
    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        text = "".join(f"{json.dumps(log, separators=(',', ':'))}\n" for log in logs)
        self._lock.acquire()
        try:
            with self._path.open("r+b") as stream:
                _to_the_end(stream)
                stream.write(text.encode())
                stream.flush()
                if any(log["op_code"] not in _PASSING for log in logs):
                    os.fsync(stream.fileno())
        finally:
            self._lock.release()


def open_journal(folder: Path) -> JournalStorage:
    """Open the study file of `folder`, made when missing.

    A line that a crash or a full disk left unfinished at the end is taken off: the trial it
    belonged to is run again.

    Raises
    ------
    StoreError
        If the folder cannot be written, or the file is no journal.
    """
    journal = folder / JOURNAL
    try:
        folder.mkdir(parents=True, exist_ok=True)
        journal.touch()
        with locked(journal.with_name(journal.name + ".flock")):
            _mend(journal)
        storage = JournalStorage(Backend(journal))
        storage.get_all_studies()  # reads every line but the last
    except OSError as error:
        message = f"sweep folder {folder}: {error.strerror}; choose a writable one"
        raise StoreError(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = f"{journal}: not a study's journal ({error}); delete it to search from the start"
        raise StoreError(message) from error
    return storage


def _to_the_end(stream: BinaryIO) -> None:
    """Go to the end of the last whole line, and take off what stands behind it."""
    size = end = stream.seek(0, os.SEEK_END)
    tail = b""
    while end and b"\n" not in tail:
        end = max(end - _BLOCK, 0)
        stream.seek(end)
        tail = stream.read(size - end)
    whole = end + tail.rfind(b"\n") + 1
    if whole < size:
        stream.truncate(whole)
    stream.seek(whole)


def _mend(journal: Path) -> None:
    with journal.open("r+b") as stream:
        _to_the_end(stream)
    lines = journal.read_bytes().splitlines()
    if lines:
        json.loads(lines[-1])
