"""What was posted, on disk, so that a restart keeps it."""

import errno
import json
import logging
import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from pydantic import TypeAdapter, ValidationError

from onstage.errors import ConfigError, StoreError
from onstage.files import replacing
from onstage.serving.online.board import Posted
from onstage.serving.online.rows import Row
from onstage.tracking.lock import locked


logger = logging.getLogger(__name__)

LIVE: Final = "live"
ROWS: Final = "rows"
LARGE: Final = 64 << 20
"""Bytes after which it is worth writing anew what still counts."""
REMEDY: Final = "free space, or serve without keeping what is posted"

_ROWS: Final = TypeAdapter(list[Row])


class Journal:
    """Lines of JSON, appended; the newest word on who is live, and the newest rows.

    A line is handed to the system before the post is answered: it survives the process, not a
    power cut. A last line that a killed process left half-written is skipped.

    Parameters
    ----------
    path
        The file; made if it is not there. One process at a time.

    Raises
    ------
    ConfigError
        If another process has it.
    StoreError
        If it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held = ExitStack()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(locked(path.with_suffix(".lock"), wait=False))
        except BlockingIOError as error:
            message = f"{path}: another service keeps its posts there; stop it, or serve without it"
            raise ConfigError(message) from error
        except OSError as error:
            raise _cannot(path, error) from error
        self._stream: IO[bytes] | None = None
        self._written = 0

    def read(self) -> tuple[Posted, list[Row]]:
        """What was posted before: who is live, and rows, oldest first."""
        posted, rows = Posted(), []
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise _cannot(self.path, error) from error
        for number, line in enumerate(lines, start=1):
            try:
                value = json.loads(line)
                if LIVE in value:
                    posted = Posted.model_validate(value[LIVE])
                rows += _ROWS.validate_python(value.get(ROWS, []))
            except (ValueError, TypeError, AttributeError, ValidationError):
                logger.warning("%s: line %d is damaged and skipped", self.path.name, number)
        return posted, rows

    def rewrite(self, posted: Posted, rows: Iterable[Row]) -> None:
        """Replace the file in one step by what still counts."""
        with replacing(self.path, REMEDY) as draft:
            with draft.open("w", encoding="utf-8") as stream:
                stream.write(json.dumps({LIVE: posted.model_dump(mode="json")}) + "\n")
                stream.writelines(json.dumps({ROWS: [row]}) + "\n" for row in rows)
            self.close_file()
        self._written = 0

    @property
    def large(self) -> bool:
        """Whether so much was appended that it should be written anew."""
        return self._written > LARGE

    def live(self, posted: Posted) -> None:
        """Keep who is live."""
        self._append({LIVE: posted.model_dump(mode="json")})

    def rows(self, rows: list[Row]) -> None:
        """Keep rows."""
        self._append({ROWS: rows})

    def close_file(self) -> None:
        """Close the file; the next line opens it again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def close(self) -> None:
        """Let others have the file."""
        self.close_file()
        self._held.close()

    def _append(self, value: object) -> None:
        line = json.dumps(value).encode() + b"\n"
        try:
            if self._stream is None:
                self._stream = self.path.open("ab", buffering=0)
            _write_whole(self._stream, line)
        except OSError as error:
            raise _cannot(self.path, error) from error
        self._written += len(line)


def _write_whole(stream: IO[bytes], line: bytes) -> None:
    """Append all of a line, or nothing of it."""
    before = os.fstat(stream.fileno()).st_size
    written = 0
    try:
        written = stream.write(line)
    finally:
        if written < len(line):
            stream.truncate(before)
    if written < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _cannot(path: Path, error: Exception) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) else error
    message = f"{path}: {reason}; {REMEDY}"
    return StoreError(message)
