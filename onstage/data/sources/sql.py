"""Queries: rows of any database that SQLAlchemy speaks to, streamed in chunks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote_plus

import duckdb
import pyarrow as pa
from tqdm import tqdm

from onstage.data.sources.engine import identifier
from onstage.data.sources.files import TEXT, Relation
from onstage.data.sources.paths import expand_environment
from onstage.data.sources.source import Source
from onstage.errors import ConfigError, SourceError
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

    whole = expand_environment(str(source.url), quote_plus if "://" in str(source.url) else str)
    try:
        url = sqlalchemy.make_url(whole)
        database = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as error:
        message = f"{table}: {source.url!r} is no URL that SQLAlchemy can open: {_first(error)}"
        raise ConfigError(message) from None
    place = f"{table}: database {url.render_as_string(hide_password=True)}"
    options = {"stream_results": True, "yield_per": CHUNK, "no_parameters": True}
    try:
        with database.connect().execution_options(**options) as connection:
            yield connection.exec_driver_sql(str(source.query))
    except (exc.SQLAlchemyError, UnicodeError) as error:
        reason = _masked(_first(error), url.password)
        message = f"{place}: {reason}; check data.{table}.url and query, and that it is reachable"
        raise SourceError(message) from None
    finally:
        database.dispose()


def _first(error: BaseException) -> str:
    origin = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(origin).splitlines() if line.strip()]
    return lines[0] if lines else type(origin).__name__


def _masked(text: str, password: object) -> str:
    return text.replace(str(password), "***") if password else text


def query_relation(
    connection: duckdb.DuckDBPyConnection, source: Source, table: str, wanted: set[str]
) -> Relation:
    """Copy the wanted columns of a query's result into the engine, as text, in the result's order.

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
        target = identifier(f"query_{table}")
        connection.register("chunk", schema.empty_table())
        connection.execute(f"CREATE TABLE {target} AS SELECT * FROM chunk")  # noqa: S608
        timed: set[str] = set()
        for rows in _shown(result.partitions(), table):
            texts = [[_text(row[i]) for row in rows] for i in kept] or [[None] * len(rows)]
            timed |= {names[i] for i in kept if any(isinstance(row[i], date) for row in rows)}
            connection.register("chunk", pa.table(texts, schema=schema))
            connection.execute(f"INSERT INTO {target} SELECT * FROM chunk")  # noqa: S608
        connection.unregister("chunk")
    types = {name: ISO if name in timed else TEXT for name in names}
    place = f"query of {table}"
    return Relation(place, target, columns | {n: "NULL" for n in names if n not in columns}, types)


def query_digest(source: Source, table: str) -> str:
    """SHA-256 of the query and of every row it gives now, in their order.

    This reads the whole result once; without ORDER BY the same rows may give another digest.
    """
    digest = hashlib.sha256(str(source.query).encode())
    with _rows(source, table) as result:
        digest.update(repr(tuple(result.keys())).encode())
        for rows in result.partitions():
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
