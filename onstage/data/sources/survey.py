"""What the raw sources hold, column by column, before anything is dropped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
from pydantic import BaseModel, ConfigDict

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.cast import Cast
from onstage.data.sources.config import DataConfig
from onstage.data.sources.engine import engine, first_row, literal, translated
from onstage.data.sources.files import Relation, relation
from onstage.data.sources.paths import files_of
from onstage.data.sources.source import Source
from onstage.data.sources.sql import query_relation


FILTER: Final = "filter"
ATTRIBUTE: Final = "attribute"
UNREAD: Final = "NULL"
"""Expression of a query's column that is not fetched."""
MOST_VALUES: Final = 20
NAMELESS: Final = "(no name)"


class ColumnSurvey(BaseModel):
    """One column of one source."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """The source's name."""
    use: str
    """Our name, ``attribute``, ``filter``, or empty: not used."""
    rows: int
    """Rows of the files that have the column."""
    missing: int | None
    """Cells without a value; None where the column was not fetched from a database."""


class TableSurvey(BaseModel):
    """All files, or the query, of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    table: str
    """``interactions``, ``items``, ``windows`` or ``relations``."""
    files: tuple[str, ...]
    """Names of the files in the order they are read."""
    rows: int
    """Rows in them."""
    kept: int
    """Rows that ``only`` keeps."""
    columns: tuple[ColumnSurvey, ...]
    """In the order of the files."""
    dropped: dict[str, int] = {}
    """``column = value`` to the rows that ``only`` leaves out for it; at most 20."""
    events: dict[str, int] = {}
    """Event type to its rows, of those kept, whatever their strength."""


class Survey(BaseModel):
    """All sources of a data set."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tables: tuple[TableSurvey, ...]
    """One per source that has a file or a query."""

    def table(self, name: str) -> TableSurvey | None:
        """The survey of one table."""
        return next((one for one in self.tables if one.table == name), None)


def survey(config: DataConfig, clock: Clock, scratch: Path) -> Survey:
    """Count rows and missing cells of every column of every source.

    Raises
    ------
    SourceError
        If a source is missing, empty or broken.
    """
    tables = ("interactions", "items", "windows", "relations")
    sources = {name: getattr(config, name) for name in tables}
    with engine(scratch) as connection:
        found = [
            _Surveyor(connection, source, name, clock).look(config.folder)
            for name, source in sources.items()
            if isinstance(source, Source)
        ]
    return Survey(tables=tuple(one for one in found if one is not None))


class _Surveyor:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source: Source, table: str, clock: Clock
    ) -> None:
        self.connection, self.source, self.table = connection, source, table
        self.cast = Cast(clock, source.time, source.missing)

    def look(self, folder: str | None) -> TableSurvey | None:
        relations = list(self._relations(folder))
        if not relations:
            return None
        counted = [self._count(one) for one in relations]
        names = dict.fromkeys(name for one in relations for name in one.columns)
        columns = tuple(self._column(name, relations, counted) for name in names)
        events: dict[str, int] = {}
        dropped: dict[str, int] = {}
        for one in relations:
            for event, rows in self._events(one):
                events[event] = events.get(event, 0) + rows
            for value, rows in self._dropped(one):
                dropped[value] = dropped.get(value, 0) + rows
        return TableSurvey(
            table=self.table,
            files=tuple(Path(one.place).name for one in relations),
            rows=sum(c["rows"] for c in counted),
            kept=sum(c["kept"] for c in counted),
            columns=columns,
            dropped=dropped,
            events=events,
        )

    def _relations(self, folder: str | None) -> Iterator[Relation]:
        if self.source.url is not None:
            wanted = {*self.source.attributes, *self.source.only}
            for given in self.source.columns.values():
                wanted.update((given,) if isinstance(given, str) else given)
            yield query_relation(self.connection, self.source, self.table, wanted)
            return
        for path in files_of(self.source, self.table, folder):
            yield relation(self.connection, path, self.source)

    def _count(self, one: Relation) -> dict[str, int]:
        """Rows, rows kept, and missing cells by column of one file."""
        read = [name for name, sql in one.columns.items() if sql != UNREAD]
        holes = [f"count_if({self._text(one, name)} IS NULL)" for name in read]
        chosen = ", ".join(["count(*)", f"count_if({self._kept(one)})", *holes])
        try:
            row = first_row(self.connection, f"SELECT {chosen} FROM {one.sql}") or ()  # noqa: S608
        except duckdb.Error as error:
            raise translated(error, one.place) from error
        names = ["rows", "kept", *(f"missing {name}" for name in read)]
        return {name: int(value) for name, value in zip(names, row, strict=True)}

    def _column(
        self, name: str, relations: list[Relation], counted: list[dict[str, int]]
    ) -> ColumnSurvey:
        having = [c for one, c in zip(relations, counted, strict=True) if name in one.columns]
        missing = [c[f"missing {name}"] for c in having if f"missing {name}" in c]
        return ColumnSurvey(
            name=name or NAMELESS,
            use=self._use(name),
            rows=sum(c["rows"] for c in having),
            missing=sum(missing) if missing else None,
        )

    def _use(self, name: str) -> str:
        for ours, given in self.source.columns.items():
            if name in ((given,) if isinstance(given, str) else given):
                return ours
        if name in self.source.attributes:
            return ATTRIBUTE
        return FILTER if name in self.source.only else ""

    def _events(self, one: Relation) -> list[tuple[str, int]]:
        given = self.source.columns.get(Columns.EVENT)
        names = (given,) if isinstance(given, str) else (given or ())
        found = next((name for name in names if name in one.columns), None)
        if found is None:
            return []
        text = f"coalesce({self._text(one, found)}, '(missing)')"
        return self.connection.execute(
            f"SELECT {text} AS event, count(*) FROM {one.sql} WHERE {self._kept(one)} "  # noqa: S608
            "GROUP BY event ORDER BY count(*) DESC, event"
        ).fetchall()

    def _dropped(self, one: Relation) -> list[tuple[str, int]]:
        rows: list[tuple[str, int]] = []
        for name in self.source.only:
            text = self._text(one, name)
            found = self.connection.execute(
                f"SELECT coalesce({text}, '(missing)') AS value, count(*) FROM {one.sql} "  # noqa: S608
                f"WHERE NOT ({self._kept(one)}) GROUP BY value "
                f"ORDER BY count(*) DESC, value LIMIT {MOST_VALUES}"
            ).fetchall()
            rows += [(f"{name} = {value}", count) for value, count in found]
        return rows

    def _kept(self, one: Relation) -> str:
        """Whether ``only`` keeps a row."""
        tests = [
            f"coalesce({self._text(one, name)} IN ({', '.join(map(literal, allowed))}), false)"
            for name, allowed in self.source.only.items()
            if name in one.columns
        ]
        return " AND ".join(tests) or "true"

    def _text(self, one: Relation, name: str) -> str:
        return self.cast.text(one.columns[name], one.types[name])
