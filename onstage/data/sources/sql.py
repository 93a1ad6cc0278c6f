"""Queries: rows of any database that SQLAlchemy speaks to, streamed in chunks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from onstage.data.sources.engine import literal, scratch_folder
from onstage.data.sources.files import TEXT, Relation
from onstage.data.sources.paths import expand_environment
from onstage.data.sources.source import Source
from onstage.errors import ConfigError, SourceError, UnreachableError
from onstage.settings import load_settings


CHUNK: Final = 50_000
"""Rows fetched at a time."""

ISO: Final = "ISO TEXT"
"""Pseudo-type of a column of dates or timestamps, which arrives here as ISO text."""


@contextmanager
def _rows(source: Source, table: str) -> Iterator[Any]:
    """An open SQLAlchemy result; what goes wrong never shows a password."""
    import sqlalchemy  # noqa: PLC0415  # only for databases
    from sqlalchemy import exc  # noqa: PLC0415

    try:
        url = sqlalchemy.make_url(_expanded(str(source.url)))
        database = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as error:
        message = f"{table}: {source.url!r} is no URL that SQLAlchemy can open: {_first(error)}"
        raise ConfigError(message) from None
    place = f"{table}: database {url.render_as_string(hide_password=True)}"
    if url.get_backend_name() == "sqlite" and not _is_there(url.database):
        message = f"{place}: no such file; check data.{table}.url"
        raise SourceError(message)
    options = {"stream_results": True, "max_row_buffer": CHUNK, "no_parameters": True}
    connected = False
    try:
        with database.connect().execution_options(**options) as connection:
            connected = True
            yield connection.exec_driver_sql(str(source.query)).yield_per(CHUNK)
    except (exc.SQLAlchemyError, UnicodeError) as error:
        reason = _masked(_first(error), url.password)
        message = f"{place}: {reason}; check data.{table}.url and query, and that it is reachable"
        lost = not connected or getattr(error, "connection_invalidated", False)
        raise (UnreachableError if lost else SourceError)(message) from None
    finally:
        database.dispose()


def touch(source: Source, table: str) -> None:
    """See that the database of a query answers.

    Raises
    ------
    ConfigError
        If the URL cannot be used or an environment variable is missing.
    SourceError
        If it does not answer.
    """
    with _rows(source.model_copy(update={"query": "SELECT 1"}), table):
        pass


def _expanded(url: str) -> str:
    """The URL with its variables; those before the @, user and password, may have any sign."""
    start, at, rest = url.rpartition("@")
    return expand_environment(start, quote_plus) + at + expand_environment(rest)


def _is_there(database: str | None) -> bool:
    """Whether SQLite would open something, not make an empty file."""
    named = database and database != ":memory:" and not database.startswith("file:")
    return not named or Path(str(database)).is_file()


def _first(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(origin).splitlines() if line.strip()]
    return lines[0] if lines else type(origin).__name__


def _masked(text: str, password: object) -> str:
    return text.replace(str(password), "***") if password else text


def query_relation(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, wanted: set[str]
) -> Relation:
    """Copy the wanted columns of a query's result for the engine, as text, in the result's order.

    Raises
    ------
    ConfigError
        If the URL cannot be used or an environment variable is missing.
    SourceError
        If the database cannot be read or names a column twice.
    """
    with _rows(source, table) as result:
        names = list(result.keys())
        twin = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twin is not None:
            message = f"{table}: the query gives two columns {twin!r}; rename one with AS"
            raise SourceError(message)
        kept = [i for i, name in enumerate(names) if name in wanted]
        columns = {names[i]: f"c{i}" for i in kept}
        schema = pa.schema([pa.field(f"c{i}", pa.string()) for i in kept] or [("c", pa.string())])
        path = scratch_folder(connection) / f"query_{table}.parquet"
        timed: set[str] = set()
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for rows in _shown(result.partitions(CHUNK), table):
                texts = [[_text(row[i]) for row in rows] for i in kept] or [[None] * len(rows)]
                timed |= {names[i] for i in kept if any(isinstance(row[i], date) for row in rows)}
                writer.write_table(pa.table(texts, schema=schema))
    types = {name: ISO if name in timed else TEXT for name in names}
    unused = {name: "NULL" for name in names if name not in columns}
    return Relation(
        f"query of {table}", f"read_parquet({literal(str(path))})", columns | unused, types
    )


def query_digest(source: Source, table: str) -> str:
    """SHA-256 of the query and of every row it gives now, in their order.

    This reads the whole result once; without ORDER BY the same rows may give another digest.
    """
    digest = hashlib.sha256(str(source.query).encode())
    with _rows(source, table) as result:
        digest.update(repr(tuple(result.keys())).encode())
        for rows in result.partitions(CHUNK):
            for row in rows:
                digest.update(repr([_text(value) for value in row]).encode())
    return digest.hexdigest()


def _shown(chunks: Iterator[Any], table: str) -> Iterator[Any]:
    off = None if load_settings().progress else True
    with tqdm(desc=f"query {table}", unit=" rows", unit_scale=True, disable=off) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
