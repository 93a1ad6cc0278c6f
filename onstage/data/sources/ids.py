"""Identifiers: integers when all of them are, else text; the same in every table."""

import logging
from collections.abc import Sequence
from typing import Final

import duckdb

from onstage.columns import Columns
from onstage.data.sources.engine import first_row, identifier
from onstage.data.sources.staging import Staged


logger = logging.getLogger(__name__)

ID_COLUMNS: Final = (Columns.USER, Columns.ITEM, Columns.BROADCAST)


def integer_ids(connection: duckdb.DuckDBPyConnection, tables: Sequence[Staged]) -> frozenset[str]:
    """Which id columns hold 64-bit integers only, in all tables together.

    ``007`` and ``+7`` are not the integer 7: an id is an integer only if it is written as one, so
    that no two ids become the same. One that is not, or that needs more than 64 bits, makes all ids
    of that column text.
    """
    return frozenset(name for name in ID_COLUMNS if _all_integers(connection, tables, name))


def _all_integers(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Staged], name: str
) -> bool:
    column = identifier(name)
    seen = 0
    for table in tables:
        if name not in table.kinds:
            continue
        differs = f"CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) IS DISTINCT FROM {column}"
        statement = (
            f"SELECT count({column}), count_if({differs}), min({column}) FILTER ({differs}) "  # noqa: S608
            f"FROM {table.sql}"
        )
        known, others, example = first_row(connection, statement) or (0, 0, None)
        if others:
            _say_why(name, table, example, others / known)
            return False
        seen += known
    return seen > 0


def _say_why(name: str, table: Staged, example: str, share: float) -> None:
    if example.lstrip("+-").isdigit():
        why = "is no integer of 64 bits as it is written"
        logger.warning("%s: %r in %s %s: all are kept as text", name, example, table.name, why)
    elif share < 1:
        logger.info("%s: %r in %s is no integer: all are kept as text", name, example, table.name)
