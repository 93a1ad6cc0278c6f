"""Read one table's files or query into the engine, under our names, as what they mean."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from tqdm import tqdm

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.cast import STORED, Cast, Kind
from onstage.data.sources.engine import first_row, identifier, literal, translated
from onstage.data.sources.files import Relation, refuse_broken_json, relation
from onstage.data.sources.paths import files_of
from onstage.data.sources.source import Source, nearest
from onstage.data.sources.sql import query_relation
from onstage.errors import ConfigError, SourceError
from onstage.settings import load_settings


logger = logging.getLogger(__name__)

KINDS: Final[dict[str, Kind]] = {
    Columns.USER: "id",
    Columns.ITEM: "id",
    Columns.BROADCAST: "id",
    Columns.TIME: "time",
    Columns.ENDS_AT: "time",
    Columns.STARTS: "time",
    Columns.ENDS: "time",
    Columns.WEIGHT: "number",
    Columns.DURATION: "number",
    Columns.EVENT: "text",
    Columns.TITLE: "text",
}
SHOWN: Final = 60
"""Longest part of a value that a message repeats."""
ATTRIBUTES: Final[dict[str, Kind]] = {"text": "text", "integer": "integer", "number": "number"}


@dataclass(frozen=True)
class Staged:
    """One table's rows inside the engine, in the order of its files.

    Attributes
    ----------
    name
        Canonical table name.
    sql
        The engine's table.
    kinds
        Our column names, with what they hold; an optional attribute that no file has is not here.
    rows
        How many there are.
    """

    name: str
    sql: str
    kinds: dict[str, Kind]
    rows: int

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the columns that are not ours."""
        return tuple(name for name in self.kinds if name not in KINDS)


def stage(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    table: str,
    clock: Clock,
    folder: str | None,
) -> Staged | None:
    """Read all files of a table, or its query; None when it is optional and has no file.

    Raises
    ------
    SourceError
        Naming file, line, column and value where a value is of the wrong type; or when a file is
        missing, empty or broken, lacks a column, or there is no row at all.
    """
    _set_zone(connection, source.time.zone)
    stager = _Stager(connection, source, table, Cast(clock, source.time, source.missing))
    if source.url is not None:
        query = query_relation(connection, source, table, stager.wanted())
        relations: list[Relation] = [query]
    else:
        relations = [relation(connection, path, source) for path in _files(source, table, folder)]
    if not relations:
        logger.info("%s: no file, and none is needed: the table is left out", table)
        return None
    staged = stager.read(relations)
    _set_zone(connection, "UTC")
    if staged.rows == 0:
        remedy = "check only" if source.only else "write it again, or leave the table out"
        message = f"{table}: {relations[0].place} has no rows to read; {remedy}"
        raise SourceError(message)
    return staged


def _files(source: Source, table: str, folder: str | None) -> Iterable[Path]:
    paths = files_of(source, table, folder)
    off = None if load_settings().progress else True
    return tqdm(paths, desc=f"look at {table}", unit=" files", disable=off, leave=False)


def _set_zone(connection: duckdb.DuckDBPyConnection, zone: str) -> None:
    try:
        connection.execute(f"SET TimeZone = {literal(zone)}")
    except duckdb.Error as error:
        message = f"time.zone {zone!r} is no time zone; give an IANA name such as Asia/Manila"
        raise ConfigError(message) from error


class _Stager:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, table: str, cast: Cast
    ) -> None:
        self.connection = connection
        self.source = source
        self.table = table
        self.cast = cast
        self.sql = identifier(f"staged_{table}")

    def wanted(self) -> set[str]:
        """Every source column that is of interest."""
        names = {*self.source.attributes, *self.source.only}
        for given in self.source.columns.values():
            names.update((given,) if isinstance(given, str) else given)
        return names

    def read(self, relations: list[Relation]) -> Staged:
        """Insert relation after relation, and stop at the first that has a senseless value."""
        kinds = self._kinds(relations)
        declared = ", ".join(f"{identifier(name)} {STORED[kind]}" for name, kind in kinds.items())
        checked = [name for name, kind in kinds.items() if kind not in {"id", "text"}]
        flags = "".join(f", {identifier('!' + name)} BOOLEAN" for name in checked)
        self.connection.execute(f"CREATE TABLE {self.sql} ({declared}{flags})")
        rows = 0
        off = None if load_settings().progress else True
        for one in tqdm(relations, desc=f"read {self.table}", unit=" files", disable=off):
            try:
                self._insert(one, kinds, checked)
            except duckdb.Error as error:
                if one.layout is not None and one.layout.delimiter is None:
                    refuse_broken_json(one.layout)
                raise translated(error, one.place) from error
            self._complain(one, kinds, checked, rows)
            rows = self._count()
        return Staged(self.table, self.sql, kinds, rows)

    def _count(self) -> int:
        (count,) = first_row(self.connection, f"SELECT count(*) FROM {self.sql}") or (0,)  # noqa: S608
        return int(count)

    def _kinds(self, relations: list[Relation]) -> dict[str, Kind]:
        kinds = {name: KINDS[name] for name in self.source.columns}
        for name, given in self.source.attributes.items():
            optional = given.endswith("?")
            if not optional or any(name in one.columns for one in relations):
                kinds[name] = ATTRIBUTES[given.rstrip("?")]
        return kinds

    def _insert(self, one: Relation, kinds: dict[str, Kind], checked: list[str]) -> None:
        values = [self._value(one, name, kind) for name, kind in kinds.items()]
        flags = [self._senseless(one, name, kinds[name]) for name in checked]
        selected = ", ".join([*values, *flags])
        where = " AND ".join(self._tests(one)) or "true"
        statement = f"INSERT INTO {self.sql} SELECT {selected} FROM {one.sql} WHERE {where}"  # noqa: S608
        self.connection.execute(statement)

    def _column(self, one: Relation, name: str) -> str | None:
        """The source's name of one of our columns; None where an attribute may be absent."""
        given = self.source.columns.get(name, name)
        names = (given,) if isinstance(given, str) else given
        found = next((each for each in names if each in one.columns), None)
        if found is None and not self.source.attributes.get(name, "").endswith("?"):
            raise SourceError(self._absent(one, name, names))
        return found

    def _absent(self, one: Relation, name: str, names: tuple[str, ...]) -> str:
        what = " or ".join(repr(each) for each in names)
        role = "" if names == (name,) else f" (for {name})"
        hint = nearest(names[0], [*one.columns])
        if one.layout is not None and one.layout.headed and one.layout.delimiter:
            hint += " (a file whose first line is data needs header: [names])"
        return f"{one.place}: no column {what}{role}{hint}"

    def _value(self, one: Relation, name: str, kind: Kind) -> str:
        found = self._column(one, name)
        if found is None:
            return "NULL"
        return self.cast.value(one.columns[found], one.types[found], kind)

    def _senseless(self, one: Relation, name: str, kind: Kind) -> str:
        found = self._column(one, name)
        if found is None:
            return "NULL"
        text = self.cast.text(one.columns[found], one.types[found])
        value = self.cast.value(one.columns[found], one.types[found], kind)
        return f"CASE WHEN {text} IS NOT NULL AND {value} IS NULL THEN true END"

    def _tests(self, one: Relation) -> list[str]:
        """Conditions on the rows to read, from ``only``."""
        tests = []
        for name, allowed in self.source.only.items():
            if name not in one.columns:
                raise SourceError(self._absent(one, name, (name,)))
            values = ", ".join(literal(value) for value in allowed)
            tests.append(f"CAST({one.columns[name]} AS VARCHAR) IN ({values})")
        return tests

    def _complain(
        self, one: Relation, kinds: dict[str, Kind], checked: list[str], before: int
    ) -> None:
        """Raise on the first row, of those after `before`, with a value that makes no sense."""
        if not checked:
            return
        flags = ", ".join(identifier("!" + name) for name in checked)
        statement = (
            f"SELECT {flags} FROM {self.sql} "  # noqa: S608
            f"WHERE rowid >= {before} AND coalesce({flags}) ORDER BY rowid LIMIT 1"
        )
        flagged = first_row(self.connection, statement)
        if flagged is None:
            return
        name = next(name for name, bad in zip(checked, flagged, strict=True) if bad)
        raise SourceError(self._senseless_value(one, name, kinds[name]))

    def _senseless_value(self, one: Relation, name: str, kind: Kind) -> str:
        found = self._column(one, name) or name
        numbered = f"SELECT row_number() OVER () AS n, * FROM {one.sql}"  # noqa: S608
        tests = " AND ".join([self._senseless(one, name, kind), *self._tests(one)])
        text = self.cast.text(one.columns[found], one.types[found])
        self.connection.execute("SET threads = 1")  # rows are numbered in the file's order
        statement = f"SELECT n, {text} FROM ({numbered}) WHERE {tests} ORDER BY n LIMIT 1"  # noqa: S608
        row, value = first_row(self.connection, statement) or (0, "")
        shown = value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
        expected = self.cast.expected(kind, value)
        return f"{one.place}: {one.line(row)}: {found} is {shown!r}, expected {expected}"
