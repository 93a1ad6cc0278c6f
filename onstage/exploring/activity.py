"""What happened on each day."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import change, count, counted, number


@dataclass(frozen=True, kw_only=True)
class Activity(Exhibit):
    """Rows, users and items of each day, days without any included.

    Attributes
    ----------
    days : pandas.DataFrame, columns ``day, rows, users, items``
        ``day`` counts days since 1970-01-01 (UTC), or since step 0. Ordered, without gaps.
    calendar
        Whether days have dates.
    """

    key: str = "activity"
    title: str = "Activity per day"
    days: pd.DataFrame = field(metadata=UNTOLD)
    calendar: bool

    def name(self, day: int) -> str:
        """A day as a person writes it."""
        if not self.calendar:
            return f"day {day}"
        return str(np.datetime64(day, "D"))

    @property
    def busiest(self) -> str:
        """The day of most rows; of several the first."""
        return self.name(int(self.days["day"].iloc[self.days["rows"].argmax()]))

    @property
    def rows_per_day(self) -> NDArray[np.int64]:
        """Rows of each day."""
        return self.days["rows"].to_numpy(dtype=np.int64)

    @property
    @override
    def sentence(self) -> str:
        rows = self.rows_per_day
        if len(rows) == 1:
            what = "The only row falls" if rows[0] == 1 else f"All {count(rows[0])} rows fall"
            return f"{what} on one day, {self.busiest}."
        middle = float(np.median(rows))
        half = len(rows) // 2
        before, after = rows[:half].sum(), rows[len(rows) - half :].sum()
        empty = int((rows == 0).sum())
        silent = f"; {counted(empty, 'day')} have none" if empty > 1 else ""
        silent = "; 1 day has none" if empty == 1 else silent
        peak = f", {number(rows.max() / middle)} times as many" if middle else ""
        trend = change(float(before), float(after))
        return (
            f"The median day has {counted(middle, 'row')}; the busiest, {self.busiest}, has "
            f"{count(rows.max())}{peak}. The second half of the {len(rows):,} days has {trend} "
            f"{'rows than' if trend != 'as many' else 'rows as'} the first{silent}."
        )

    @override
    def facts(self) -> dict[str, object]:
        rows = self.rows_per_day
        return {
            **super().facts(),
            "days": len(rows),
            "days_without_rows": int((rows == 0).sum()),
            "median_rows": float(np.median(rows)),
            "busiest": self.busiest,
            "busiest_rows": int(rows.max()),
        }


def activity(tables: Tables) -> Activity:
    """Count rows, users and items by day."""
    found = tables.frame("SELECT day, count(*) AS rows FROM log GROUP BY day ORDER BY day")
    for what in ("user", "item"):
        part = tables.frame(
            f"SELECT day, count(*) AS {what}s FROM "
            f"(SELECT day, {what} FROM log GROUP BY day, {what}) GROUP BY day ORDER BY day"
        )
        found[f"{what}s"] = part[f"{what}s"].to_numpy()
    every = np.arange(found["day"].min(), found["day"].max() + 1)
    whole = found.set_index("day").reindex(every, fill_value=0)
    days = whole.rename_axis("day").reset_index().astype(np.int64)
    return Activity(days=days, calendar=tables.calendar)
