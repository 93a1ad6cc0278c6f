"""The canonical tables, written by ingest and, as far as they are accepted, by validation."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from onstage.columns import Columns
from onstage.contracts import INTERACTIONS, ITEMS, RELATIONS, WINDOWS, TableContract
from onstage.pipeline.dictionary.described import ITEM, TIME, USER, Described


def _canonical(
    contract: TableContract, rows: str, columns: Mapping[str, str], others: str
) -> Described:
    files = tuple(f"store/{step}-*/{contract.name}.parquet" for step in ("ingest", "validate"))
    optional = frozenset(columns) - set(contract.required)
    return Described(
        contract.name, files, rows, columns, optional, MappingProxyType({".+": others})
    )


CANONICAL: Final = (
    _canonical(
        INTERACTIONS,
        "a user, an item and an instant",
        {
            Columns.USER: USER,
            Columns.ITEM: ITEM,
            Columns.TIME: f"when it began: {TIME}",
            Columns.ENDS_AT: f"when it ended, exclusive: {TIME}",
            Columns.WEIGHT: "how much it counts; 1 where absent",
            Columns.DURATION: "how long it lasted, in seconds",
            Columns.EVENT: "type of the event, as in the source",
            Columns.BROADCAST: "which broadcast of the item",
        },
        "kept by `attributes` of the source, as they are",
    ),
    _canonical(
        ITEMS,
        "an item",
        {Columns.ITEM: ITEM, Columns.TITLE: "its name, for people"},
        "attributes of the source, as they are",
    ),
    _canonical(
        WINDOWS,
        "a stretch of time in which an item may be recommended, `starts <= t < ends`",
        {
            Columns.ITEM: ITEM,
            Columns.STARTS: f"first instant: {TIME}",
            Columns.ENDS: f"first instant after it: {TIME}",
        },
        "kept by `attributes` of the source, as they are",
    ),
    _canonical(
        RELATIONS,
        "what is known of a user and an item together",
        {Columns.USER: USER, Columns.ITEM: ITEM},
        "counts, such as `view_count`, `comment_count`, `coin_count`",
    ),
)
"""One for each of :data:`onstage.contracts.TABLES`, in its order."""
