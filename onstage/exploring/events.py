"""What kinds of events there are, how much each says, and what repeats."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
from typing_extensions import override

from onstage.exploring.exhibit import Absent, Exhibit, Sheet
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, number, percent


TITLE: Final = "Events and their strengths"


@dataclass(frozen=True, kw_only=True)
class Events(Exhibit):
    """Rows of each event type, with and without copies.

    Attributes
    ----------
    table : pandas.DataFrame
        ``event, strength`` (nan: none was declared), ``rows``, ``distinct`` (user, item, event),
        the most frequent first.
    pairs
        Different (user, item).
    total
        Sum of strengths over the distinct (user, item, event): what the pairs weigh together.
    """

    key: str = "events"
    title: str = TITLE
    table: pd.DataFrame
    pairs: int
    total: float

    @property
    @override
    def sentence(self) -> str:
        table = self.table
        first = table.iloc[0]
        rows, distinct = int(table["rows"].sum()), int(table["distinct"].sum())
        text = f"{first['event']} is {percent(first['rows'] / rows)} of the rows"
        weighed = table["rows"] * table["strength"]
        if weighed.notna().all() and weighed.sum() > 0:
            text += f" and {percent(weighed.iloc[0] / weighed.sum())} of their strength"
        return (
            f"{text}. {count(rows - distinct)} of the {count(rows)} rows "
            f"({percent(1 - distinct / rows)}) repeat a user, item and event; the "
            f"{count(distinct)} others make {count(self.pairs)} pairs of user and item"
            + (
                f", which weigh {number(self.total / self.pairs)} each in the mean."
                * (self.total > 0)
                or "."
            )
        )

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        total = self.table["rows"].sum()
        rows = tuple(
            (
                str(r["event"]),
                number(r["strength"]),
                count(r["rows"]),
                percent(r["rows"] / total),
                count(r["distinct"]),
            )
            for r in self.table.to_dict("records")
        )
        header = ("event", "strength", "rows", "share", "without copies")
        return (Sheet("Events", header, rows),)


def events(tables: Tables, strengths: Mapping[str, float]) -> Events | Absent:
    """Count events by type, and the distinct ones."""
    needed = ("interactions.event",)
    if not tables.has("log", "event"):
        return Absent("events", TITLE, needed, "the log has one kind of event only")
    each = "SELECT event, user, item, count(*) AS n FROM log GROUP BY ALL"
    found = tables.frame(
        "SELECT coalesce(event, '(missing)') AS event, CAST(sum(n) AS BIGINT) AS rows, "
        f"count(*) AS distinct_rows FROM ({each}) GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    (pairs,) = tables.row("SELECT count(*) FROM (SELECT 1 FROM log GROUP BY user, item)")
    strength = found["event"].map(lambda name: strengths.get(name, float("nan"))).astype(float)
    table = pd.DataFrame(
        {
            "event": found["event"],
            "strength": strength,
            "rows": found["rows"],
            "distinct": found["distinct_rows"],
        }
    )
    total = float((table["distinct"] * table["strength"]).sum())
    return Events(table=table, pairs=pairs, total=total)
