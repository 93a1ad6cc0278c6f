"""Files as relations of the engine: which columns they have, and on which line a row stands."""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb

from onstage.data.sources.engine import identifier, literal
from onstage.data.sources.paths import Compression, compression_of, format_of, open_text
from onstage.data.sources.source import Source
from onstage.errors import SourceError


TEXT: Final = "VARCHAR"
"""Type of every column of a text file: what it means is decided by us, not sniffed."""

KEYS_SEEN_IN: Final = 1000
"""Lines of a JSON file that are read to learn its keys."""


@dataclass(frozen=True)
class Relation:
    """Rows that the engine can select from.

    Attributes
    ----------
    place
        File path or the like, for messages.
    sql
        What to select from.
    columns
        The source's column name to the SQL expression of it.
    types
        The source's column name to its type in the engine.
    """

    place: str
    sql: str
    columns: dict[str, str]
    types: dict[str, str]
    layout: "Layout | None" = field(default=None, compare=False)

    def line(self, row: int) -> str:
        """Say where row number `row`, counted from 1, stands."""
        return f"row {row}" if self.layout is None else f"line {self.layout.line(row)}"


@dataclass(frozen=True)
class Layout:
    """How a text file is written."""

    path: Path
    compression: Compression
    encoding: str
    delimiter: str | None
    quote: str
    headed: bool

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record that is not blank, with the number of the line it begins on, from 1."""
        with open_text(self.path, self.compression, self.encoding) as stream:
            if self.delimiter is None or len(self.delimiter) > 1:
                for number, text in enumerate(stream, start=1):
                    line = text.rstrip("\r\n")
                    if line.strip():
                        yield number, line.split(self.delimiter) if self.delimiter else [line]
                return
            yield from self._separated(stream)

    def _separated(self, stream: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(sys.maxsize)
        separator = self.delimiter or ","
        if self.quote:
            reader = csv.reader(stream, delimiter=separator, quotechar=self.quote)
        else:
            reader = csv.reader(stream, delimiter=separator, quoting=csv.QUOTE_NONE)
        begins = 1
        for fields in reader:
            if fields:
                yield begins, fields
            begins = reader.line_num + 1

    def line(self, row: int) -> int:
        """Line on which data row number `row`, counted from 1, begins."""
        wanted = islice(self.records(), row - 1 + self.headed, None)
        return next(wanted, (0, []))[0]


def relation(connection: duckdb.DuckDBPyConnection, path: Path, source: Source) -> Relation:
    """Look at a file and say how the engine reads it.

    Raises
    ------
    SourceError
        If the file is empty, names a column twice, or is not what its format says.
    """
    if path.stat().st_size == 0:
        message = f"{path}: the file is empty; write it again, or leave it out of path"
        raise SourceError(message)
    kind = format_of(path, source.format)
    if kind == "parquet":
        return _parquet(connection, path)
    compression = compression_of(path, source.compression)
    if kind == "jsonl":
        return _json(path, Layout(path, compression, "utf-8", None, "", headed=False))
    delimiter = source.delimiter or ("\t" if kind == "tsv" else ",")
    headed = source.header is None
    layout = Layout(path, compression, source.encoding, delimiter, source.quote, headed)
    return _separated(path, layout, source.header)


def _separated(path: Path, layout: Layout, header: tuple[str, ...] | None) -> Relation:
    _, first = next(layout.records(), (0, []))
    names = list(first) if header is None else list(header)
    if not first:
        message = f"{path}: the file has only blank lines; write it again, or leave it out of path"
        raise SourceError(message)
    if len(first) != len(names):
        message = (
            f"{path}: header names {len(names)} columns but the first line has {len(first)}: "
            f"{first[:8]}; check header and delimiter"
        )
        raise SourceError(message)
    _refuse_twins(path, names)
    internal = [f"c{i}" for i in range(len(names))]
    declared = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in internal)
    quote = literal(layout.quote)
    sql = (
        f"read_csv({_path(path)}, auto_detect=false, columns={{{declared}}}, "
        f"header={str(layout.headed).lower()}, delim={literal(layout.delimiter or ',')}, "
        f"quote={quote}, escape={quote}, compression={literal(layout.compression)}, "
        f"encoding={literal(layout.encoding)})"
    )
    columns = dict(zip(names, internal, strict=True))
    return Relation(str(path), sql, columns, dict.fromkeys(names, TEXT), layout)


def _refuse_twins(path: Path, names: list[str]) -> None:
    twin = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twin is not None:
        message = f"{path}: two columns are called {twin!r}; rename one, or give header"
        raise SourceError(message)


def _json(path: Path, layout: Layout) -> Relation:
    names: dict[str, None] = {}
    for number, (line,) in islice(layout.records(), KEYS_SEEN_IN):
        names.update(dict.fromkeys(_object(path, number, line)))
    declared = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    sql = (
        f"read_json({_path(path)}, format='newline_delimited', columns={{{declared}}}, "
        f"compression={literal(layout.compression)})"
    )
    columns = {name: identifier(name) for name in names}
    return Relation(str(path), sql, columns, dict.fromkeys(names, TEXT), layout)


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        message = f"{path}: line {number}: not JSON ({error.msg}); one object a line is expected"
        raise SourceError(message) from error
    if not isinstance(row, dict):
        message = f"{path}: line {number}: {line[:40]!r} is no JSON object; write one a line"
        raise SourceError(message)
    return row


def refuse_broken_json(layout: Layout) -> None:
    """Raise on the first line that is no JSON object, which the engine may count differently."""
    for number, (line,) in layout.records():
        _object(layout.path, number, line)


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Relation:
    sql = f"read_parquet({_path(path)})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        message = f"{path}: not a Parquet file; check its format"
        raise SourceError(message) from error
    types = {name: kind for name, kind, *_ in described}
    return Relation(str(path), sql, {name: identifier(name) for name in types}, types)


def _path(path: Path) -> str:
    """The engine would take these for a glob; ours are expanded already."""
    return literal("".join(f"[{c}]" if c in "*?[" else c for c in str(path)))
