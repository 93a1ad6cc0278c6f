"""The engine that reads, joins and sums: DuckDB in this process, spilling to disk."""

import errno
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from onstage.data.drafts import mine, sweep_dead
from onstage.errors import ConfigError, SourceError
from onstage.settings import load_settings


MEMORY_BYTES: Final = 2 * 1024**3
"""Most memory of the engine by default (less on a small machine)."""

LINE: Final = re.compile(r"(?:CSV Error on Line: |in line )(\d+)")


def identifier(name: str) -> str:
    """Quote a column or table name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def engine(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine whose tables and spill files are in a folder inside `scratch`, then removed.

    ``ONSTAGE_SCRATCH`` names another place for them, ``ONSTAGE_MEMORY`` how much stays in memory.
    It loads no extension from the network, and its clock is UTC.

    Raises
    ------
    ConfigError
        If the folder of ``ONSTAGE_SCRATCH`` cannot be written.
    """
    settings = load_settings()
    with _folder(settings.scratch or scratch, ours=settings.scratch is None) as folder:
        connection = duckdb.connect(
            str(Path(folder) / "stage.duckdb"),
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": settings.memory or f"{_memory() // 1024**2}MiB",
                "temp_directory": str(Path(folder) / "spill"),
                "preserve_insertion_order": "true",
            },
        )
        try:
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")
            if settings.threads:
                connection.execute(f"SET threads = {settings.threads:d}")
            yield connection
        finally:
            connection.close()


@contextmanager
def _folder(root: Path, *, ours: bool) -> Iterator[str]:
    """A folder in `root` that goes with the block; what killed processes left there goes first."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not ours:
            sweep_dead(root, "engine")
        made = tempfile.TemporaryDirectory(prefix=mine("engine"), dir=root)
    except OSError as error:
        if ours:
            raise
        message = f"folder {root}: {error.strerror}; choose a writable one with ONSTAGE_SCRATCH"
        raise ConfigError(message) from error
    with made as folder:
        yield folder


def first_row(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...] | None:
    """Run a query and return its first row; nothing of it stays open."""
    rows = connection.execute(statement).fetchall()
    return rows[0] if rows else None


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object], place: object
) -> pa.Table:
    """All rows of a query, whose ``$name`` are filled in with `values`.

    Raises
    ------
    OSError, ConfigError, SourceError
        See :func:`translated`, which is told `place`.
    """
    try:
        found: pa.Table = connection.sql(query, params=values).to_arrow_table()
    except duckdb.Error as error:
        raise translated(error, place) from error
    return found


def scratch_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    """The folder that goes when the engine is closed."""
    (spill,) = first_row(connection, "SELECT current_setting('temp_directory')") or ("",)
    return Path(spill).parent


def _memory() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(MEMORY_BYTES, physical // 2)


def translated(error: duckdb.Error, place: object) -> Exception:
    """Our error for one of the engine's, on one line: what, where, and what to do."""
    text = str(error)
    if "No space left" in text or "max_temp_directory_size" in text:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
    if isinstance(error, duckdb.OutOfMemoryException):
        return ConfigError(
            f"{place}: the engine's memory does not suffice, not even with what goes to disk "
            f"({text.partition('(')[2].partition(')')[0]}); give more with ONSTAGE_MEMORY, or "
            "fewer ONSTAGE_THREADS"
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = LINE.search(text)
    if line is None:
        return SourceError(f"{place}: cannot be read: {lines[0]}")
    reason = next((said for said in lines if _explains(said)), lines[0])
    return SourceError(f"{place}: line {line.group(1)}: {reason}; fix or remove the line")


def _explains(line: str) -> bool:
    return line.startswith(
        ("Expected Number of Columns", "Value with unterminated", "Invalid unicode", "Maximum line")
    )
