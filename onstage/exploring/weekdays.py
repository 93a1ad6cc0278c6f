"""What happens on each day of the week."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from typing_extensions import override

from onstage.exploring.exhibit import Absent, Exhibit, Sheet
from onstage.exploring.tables import WEEKDAYS, Tables
from onstage.exploring.wording import HOUR, count, number, percent


TITLE: Final = "Days of the week"
MEASURES: Final = {"users": "unique users", "items": "unique items", "rows": "rows"}
TIME: Final = "seconds"
TWICE: Final = 2.0
"""From this ratio on it is told as a ratio."""


@dataclass(frozen=True, kw_only=True)
class Weekdays(Exhibit):
    """Unique users, unique items, rows and watch time of each weekday, all weeks together.

    Attributes
    ----------
    table : pandas.DataFrame, shape (7, 4 or 5)
        ``weekday`` (Monday first), ``users``, ``items``, ``rows``, and ``seconds`` where watches
        have a duration. Zeros where nothing happened.
    """

    key: str = "weekdays"
    title: str = TITLE
    table: pd.DataFrame

    @property
    def measures(self) -> dict[str, str]:
        """Column to the words for it."""
        return MEASURES | ({TIME: "watch time"} if TIME in self.table else {})

    @property
    @override
    def sentence(self) -> str:
        parts = [self._told("users", "unique users"), self._told("items", "unique items")]
        last = TIME if TIME in self.table else "rows"
        parts.append(self._told(last, self.measures[last]))
        return f"{parts[0]}; {parts[1]}; {parts[2]}. Days are those of UTC."

    def _told(self, column: str, words: str) -> str:
        values = self.table[column].to_numpy(dtype=np.float64)
        if values.min() == values.max():
            return f"All weekdays have the same {words}"
        high, low = int(values.argmax()), int(values.argmin())
        text = _hours if column == TIME else count
        ratio = values[high] / values[low] if values[low] else np.inf
        more = (
            f"{percent(ratio - 1)} above" if ratio < TWICE else f"{number(ratio)} times as many as"
        )
        more = more if np.isfinite(ratio) else "unlike"
        return (
            f"{WEEKDAYS[high]} has the most {words} ({text(values[high])}), "
            f"{more} {WEEKDAYS[low]}, which has the least ({text(values[low])})"
        )

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        rows = []
        for record in self.table.to_dict("records"):
            cells = [count(record[c]) for c in MEASURES]
            cells += [_hours(record[TIME])] if TIME in record else []
            rows.append((str(record["weekday"]), *cells))
        return (Sheet("By weekday", ("weekday", *self.measures.values()), tuple(rows)),)


def _hours(seconds: float) -> str:
    return f"{count(seconds / HOUR)} h"


def weekdays(tables: Tables) -> Weekdays | Absent:
    """Count users and items and add up watch time by weekday."""
    if not tables.calendar:
        why = "the log counts steps, which have no weekday"
        return Absent("weekdays", TITLE, ("interactions.timestamp",), why)
    watched = tables.has("log", TIME)
    # Exact to a millionth, so that the sum does not depend on which thread added first.
    exact = f"CAST(sum(CAST({TIME} AS DECIMAL(28, 6))) AS DOUBLE) AS {TIME}"
    extra = f", {exact}" if watched else ""
    found = tables.frame(f"SELECT weekday, count(*) AS rows{extra} FROM log GROUP BY 1 ORDER BY 1")
    for what in ("user", "item"):
        part = tables.frame(
            f"SELECT weekday, count(*) AS n FROM "
            f"(SELECT weekday, {what} FROM log GROUP BY ALL) GROUP BY 1 ORDER BY 1"
        )
        found[f"{what}s"] = part["n"].to_numpy()
    whole = found.set_index("weekday").reindex(range(7)).fillna(0.0)
    whole.insert(0, "name", list(WEEKDAYS))
    order = ["name", *MEASURES, *([TIME] if watched else [])]
    table = whole[order].rename(columns={"name": "weekday"}).reset_index(drop=True)
    return Weekdays(table=table.astype(dict.fromkeys(MEASURES, "int64")))
