"""Ingest: from sources to canonical tables in a folder."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import duckdb

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources import build
from onstage.data.sources.availability import derive_windows, opened_and_closed
from onstage.data.sources.build import ROW, Query
from onstage.data.sources.cast import Kind
from onstage.data.sources.config import (
    DataConfig,
    ItemSource,
    WindowSource,
)
from onstage.data.sources.engine import engine, first_row, translated
from onstage.data.sources.engine import identifier as q
from onstage.data.sources.ids import integer_ids
from onstage.data.sources.paths import files_of
from onstage.data.sources.source import Source, nearest
from onstage.data.sources.sql import query_digest, touch
from onstage.data.sources.staging import Staged, stage
from onstage.data.store import digest_file
from onstage.data.tables import write_batches
from onstage.errors import SourceError


logger = logging.getLogger(__name__)

BATCH: Final = 65_536
"""Rows that are in Python's hands at a time."""


def ingest(config: DataConfig, clock: Clock, folder: Path) -> dict[str, int]:
    """Read the sources and write the canonical tables into `folder`.

    Rows keep the order of their files (files in the order given, a glob's by name), so that ties in
    time are settled as in the source. Missing values pass: whether they may be is for validation.
    The same sources give the same bytes.

    Parameters
    ----------
    folder
        Must exist. Also holds the engine's spill files while this runs.

    Returns
    -------
    dict
        Rows of each table that was written.

    Raises
    ------
    SourceError
        If a source is missing, empty, broken, or not what the configuration says; names file, line,
        column and value.
    ConfigError
        If an environment variable is missing or a URL cannot be used.
    """
    with engine(folder) as connection:
        run = _Ingestion(connection, config, clock, folder)
        try:
            counts = run.write_all()
        except duckdb.Error as error:
            raise translated(error, "ingest") from error
    if config.windows == "interactions":
        counts["windows"] = derive_windows(folder)
    logger.info("ingested %s", ", ".join(f"{n} {name}" for name, n in counts.items()))
    return counts


def input_digest(config: DataConfig) -> dict[str, str]:
    """SHA-256 of everything that :func:`ingest` would read now.

    Returns
    -------
    dict
        ``<table>/<number>/<file name>`` to the digest of the file, ``<table>/query`` to that of the
        query and the rows it gives: a query is run once for this and once more to ingest. Holds
        neither folders nor secrets.

    Raises
    ------
    SourceError
        If a source is missing or cannot be read.
    """
    digests: dict[str, str] = {}
    for table, source in _sources(config):
        if source.url is not None:
            digests[f"{table}/query"] = query_digest(source, table)
            continue
        for number, path in enumerate(files_of(source, table, config.folder)):
            digests[f"{table}/{number}/{path.name}"] = digest_file(path)
    return digests


def reachable(config: DataConfig) -> dict[str, str]:
    """Where everything that :func:`ingest` would read is, by table; nothing of it is read.

    Returns
    -------
    dict
        Number of files, or the database's URL without secrets.

    Raises
    ------
    SourceError
        If a file is missing, or a database does not answer.
    """
    places: dict[str, str] = {}
    for table, source in _sources(config):
        if source.url is not None:
            touch(source, table)
            places[table] = f"{source.url} answers"
            continue
        files = files_of(source, table, config.folder)
        places[table] = f"{len(files)} files, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB"
    return places


def _sources(config: DataConfig) -> Iterator[tuple[str, Source]]:
    for table in ("interactions", "items", "windows", "relations"):
        source = getattr(config, table)
        if isinstance(source, Source):
            yield table, source


class _Ingestion:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, config: DataConfig, clock: Clock, folder: Path
    ) -> None:
        self.connection = connection
        self.config = config
        self.clock = clock
        self.folder = folder
        self.staged: dict[str, Staged] = {}
        self.integers: frozenset[str] = frozenset()

    def write_all(self) -> dict[str, int]:
        for table, source in _sources(self.config):
            staged = stage(self.connection, source, table, self.clock, self.config.folder)
            if staged is not None:
                self.staged[table] = staged
        if self.config.ids == "auto":
            self.integers = integer_ids(self.connection, [*self.staged.values()])
        queries = self._queries()
        return {table: self._write(query, table) for table, query in queries.items()}

    def _queries(self) -> dict[str, Query]:
        windows = self._windows_rows()
        log = self._interactions(windows)
        queries = {"interactions": log}
        if isinstance(self.config.items, ItemSource) and "items" in self.staged:
            queries["items"] = self._items(self.config.items)
        if windows is not None:
            queries["windows"] = windows
        elif "windows" in self.staged and isinstance(self.config.windows, WindowSource):
            events, catalogue = self.staged["windows"], self.staged.get("items")
            queries["windows"] = opened_and_closed(
                events, self.config.windows, log, catalogue, self.clock
            )
        if "relations" in self.staged:
            queries["relations"] = build.staged_query(self.staged["relations"])
        return queries

    def _windows_rows(self) -> Query | None:
        source = self.config.windows
        if not isinstance(source, WindowSource) or source.opens or "windows" not in self.staged:
            return None
        return build.windows(self.staged["windows"], source, self.clock)

    def _interactions(self, windows: Query | None) -> Query:
        source = self.config.interactions
        staged = self.staged["interactions"]
        if source.events and source.unknown_events == "error":
            self._refuse_unknown_events(staged, source.events)
        if source.join is not None:
            self._check_join(staged)
        return build.interactions(staged, source, self.clock, windows)

    def _refuse_unknown_events(self, staged: Staged, events: Mapping[str, float]) -> None:
        statement = f"SELECT event, count(*) FROM {staged.sql} GROUP BY event ORDER BY event"  # noqa: S608
        for event, count in self.connection.execute(statement).fetchall():
            if event is not None and event not in events:
                message = (
                    f"interactions: unknown event type {event!r} in {count} rows"
                    f"{nearest(event, [*events])} Add it to interactions.events (0 leaves it out), "
                    "or set unknown_events: ignore"
                )
                raise SourceError(message)

    def _check_join(self, staged: Staged) -> None:
        if "windows" not in self.staged:
            message = "interactions.join: windows needs the windows table, which has no file"
            raise SourceError(message)
        table = self.staged["windows"].sql
        self._refuse_twins(table, Columns.BROADCAST, "windows", "a broadcast is one window")
        key = q(Columns.BROADCAST)
        statement = (
            f"SELECT count(*), count_if({key} NOT IN (SELECT {key} FROM {table} "  # noqa: S608
            f"WHERE {key} IS NOT NULL)) FROM {staged.sql}"
        )
        rows, lost = first_row(self.connection, statement) or (0, 0)
        if lost:
            what = "rows name a broadcast that windows does not have: their item is missing"
            logger.warning("interactions: %d of %d %s", lost, rows, what)

    def _refuse_twins(self, table: str, column: str, name: str, rule: str) -> None:
        key = q(column)
        statement = (
            f"SELECT {key}, count(*), min(rowid) FROM {table} WHERE {key} IS NOT NULL "  # noqa: S608
            f"GROUP BY {key} HAVING count(*) > 1 ORDER BY min(rowid) LIMIT 1"
        )
        twin = first_row(self.connection, statement)
        if twin is not None:
            message = (
                f"{name}: {column} {twin[0]!r} is in {twin[1]} rows, first in row {twin[2] + 1}; "
                f"{rule}: remove the others"
            )
            raise SourceError(message)

    def _items(self, source: ItemSource) -> Query:
        staged = self.staged["items"]
        query = build.staged_query(staged)
        if source.duplicates == "error":
            rule = "a catalogue has one row an item (items.duplicates: first or last picks one)"
            self._refuse_twins(staged.sql, Columns.ITEM, "items", rule)
            return query
        pick = "min" if source.duplicates == "first" else "max"
        item = q(Columns.ITEM)
        chosen = f"SELECT {pick}(rowid) FROM {staged.sql} GROUP BY {item}"  # noqa: S608
        return query.step(["*"], f"{ROW} IN ({chosen})", ordered=False)

    def _write(self, query: Query, table: str) -> int:
        columns = [self._stored(name, kind) for name, kind in query.kinds.items()]
        order = "" if query.ordered else f" ORDER BY {ROW}"
        statement = f"SELECT {', '.join(columns)} FROM ({query.sql}){order}"  # noqa: S608
        reader = self.connection.sql(statement).to_arrow_reader(BATCH)
        return write_batches(reader.schema, reader, self.folder, table)

    def _stored(self, name: str, kind: Kind) -> str:
        column = q(name)
        if kind == "id" and name in self.integers:
            return f"CAST({column} AS BIGINT) AS {column}"
        if kind == "time" and self.clock.kind == "utc":
            return f"make_timestamptz({column}) AS {column}"
        return column
