"""Windows that no source writes down: from watching, or from events that open and close."""

from pathlib import Path

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.sources.build import OPEN_END, ROW, Query
from onstage.data.sources.config import WindowSource
from onstage.data.sources.engine import engine, literal
from onstage.data.sources.engine import identifier as q
from onstage.data.sources.staging import Staged
from onstage.data.tables import write_batches


ITEM, TIME, EVENT = q(Columns.ITEM), q(Columns.TIME), q(Columns.EVENT)
STARTS, ENDS = q(Columns.STARTS), q(Columns.ENDS)
BATCH = 65_536


def derive_windows(folder: Path) -> int:
    """Write ``windows.parquet`` from ``interactions.parquet``: an item is live while it is watched.

    Windows are the union of ``[timestamp, ends_at)`` over an item's rows, merged where they overlap
    or touch; rows that lack an item or an end, or end before they began, open nothing.

    Returns
    -------
    int
        How many windows there are.
    """
    path = literal(str(folder / "interactions.parquet"))
    watched = (
        f"SELECT {ITEM}, {TIME} AS {STARTS}, ends_at AS {ENDS} "  # noqa: S608
        f"FROM read_parquet({path}) WHERE ends_at > {TIME} AND {ITEM} IS NOT NULL"
    )
    with engine(folder) as connection:
        reader = connection.sql(merged(watched)).to_arrow_reader(BATCH)
        return write_batches(reader.schema, reader, folder, "windows")


def merged(windows: str) -> str:
    """Merge windows that overlap or touch, sorted by item and start."""
    by = f"PARTITION BY {ITEM} ORDER BY {STARTS}, {ENDS} ROWS"
    reach = f"max({ENDS}) OVER ({by} BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    flagged = f"SELECT *, CASE WHEN {STARTS} <= {reach} THEN 0 ELSE 1 END AS fresh FROM ({windows})"  # noqa: S608
    numbered = f"SELECT *, sum(fresh) OVER ({by} UNBOUNDED PRECEDING) AS island FROM ({flagged})"  # noqa: S608
    return (
        f"SELECT {ITEM}, min({STARTS}) AS {STARTS}, max({ENDS}) AS {ENDS} FROM ({numbered}) "  # noqa: S608
        f"GROUP BY {ITEM}, island ORDER BY {ITEM}, min({STARTS})"
    )


def opened_and_closed(
    staged: Staged, source: WindowSource, log: Query, catalogue: Staged | None, clock: Clock
) -> Query:
    """Windows from events.

    From each opening to the item's next closing, or open-ended. An interaction before the first
    opening shows that the item was there already. With ``unlisted: always`` an item of the log or
    the catalogue without events is available from the log's first instant on; one that has only
    closings, until the first of them.
    """
    opens, closes = (", ".join(map(literal, e)) or "NULL" for e in (source.opens, source.closes))
    first = f"(SELECT min({TIME}) FROM ({log.sql}))"  # noqa: S608
    seen = f"SELECT {ITEM}, min({TIME}) AS seen FROM ({log.sql}) GROUP BY {ITEM}"  # noqa: S608
    opening = (
        f"SELECT {ITEM}, {TIME} AS {STARTS} FROM {staged.sql} WHERE {EVENT} IN ({opens}) "  # noqa: S608
        f"UNION SELECT s.{ITEM}, s.seen FROM ({seen}) s JOIN (SELECT {ITEM}, min({TIME}) AS o "
        f"FROM {staged.sql} WHERE {EVENT} IN ({opens}) GROUP BY {ITEM}) f USING ({ITEM}) "
        "WHERE s.seen < f.o"
    )
    if source.unlisted == "always":
        others = f"SELECT {ITEM} FROM {catalogue.sql} UNION " if catalogue else ""  # noqa: S608
        opening += (
            f" UNION SELECT {ITEM}, {first} FROM ({others}SELECT {ITEM} FROM ({log.sql}) "  # noqa: S608
            f"UNION SELECT {ITEM} FROM {staged.sql}) WHERE {ITEM} IS NOT NULL AND {ITEM} NOT IN "
            f"(SELECT {ITEM} FROM {staged.sql} WHERE {EVENT} IN ({opens}) AND {ITEM} IS NOT NULL)"
        )
    closing = f"SELECT {ITEM}, {TIME} AS c FROM {staged.sql} WHERE {EVENT} IN ({closes})"  # noqa: S608
    ended = (
        f"SELECT o.{ITEM}, o.{STARTS}, coalesce(min(c.c), {OPEN_END[clock.kind]}) AS {ENDS} "  # noqa: S608
        f"FROM ({opening}) o LEFT JOIN ({closing}) c ON o.{ITEM} = c.{ITEM} AND c.c > o.{STARTS} "
        f"GROUP BY o.{ITEM}, o.{STARTS}"
    )
    rows = (
        f"SELECT row_number() OVER (ORDER BY {ITEM}, {STARTS}) AS {ROW}, * FROM ({merged(ended)})"  # noqa: S608
    )
    return Query(rows, {Columns.ITEM: "id", Columns.STARTS: "time", Columns.ENDS: "time"})
