"""One number of streams by day of the week, as a box plot."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd
from typing_extensions import override

from onstage.data.sources.engine import identifier as q
from onstage.exploring.exhibit import UNTOLD, Exhibit, Sheet, file_name
from onstage.exploring.tables import WEEKDAYS, Tables
from onstage.exploring.wording import count, number, percent


WHISKER: Final = 1.5
"""Whiskers end at the last value within so many interquartile ranges of the box (Tukey)."""
FLIERS: Final = 30
"""Largest values beyond the whiskers that are drawn, for each weekday."""


@dataclass(frozen=True, kw_only=True)
class Boxes(Exhibit):
    """Quartiles, whiskers and extremes of one column for each weekday that has values.

    Attributes
    ----------
    column
        What it is.
    table : pandas.DataFrame
        ``weekday`` (0 is Monday), ``n, least, low, q1, median, q3, high, most, outside``; ``low``
        and ``high`` end the whiskers, ``outside`` counts what lies beyond.
    fliers
        Weekday to its largest values above the whisker.
    """

    column: str
    table: pd.DataFrame
    fliers: dict[int, tuple[float, ...]] = field(metadata=UNTOLD)

    @property
    @override
    def sentence(self) -> str:
        table = self.table
        if len(table) == 1:
            only = WEEKDAYS[int(table["weekday"].iloc[0])]
            return (
                f"All values fall on a {only}; their median is {number(table['median'].iloc[0])}."
            )
        high, low = int(table["median"].argmax()), int(table["median"].argmin())
        peak = int(table["most"].argmax())
        medians = (
            f"Medians of {self.column} lie between {self._at('median', low)} and "
            f"{self._at('median', high)}{self._difference(low, high)}"
        )
        if table["median"].iloc[high] == table["median"].iloc[low]:
            medians = f"Every weekday has the median {number(table['median'].iloc[low])}"
        return (
            f"{medians}. The largest value, "
            f"{number(table['most'].iloc[peak])}, is on a {self._day(peak)}; "
            f"{percent(table['outside'].sum() / table['n'].sum())} lie beyond the whiskers."
        )

    def _difference(self, low: int, high: int) -> str:
        least, most = self.table["median"].iloc[low], self.table["median"].iloc[high]
        return f", a difference of {percent(most / least - 1)}" if least > 0 else ""

    def _at(self, column: str, row: int) -> str:
        return f"{number(self.table[column].iloc[row])} ({self._day(row)})"

    def _day(self, row: int) -> str:
        return WEEKDAYS[int(self.table["weekday"].iloc[row])]

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        names = ("q1", "median", "q3", "most")
        rows = tuple(
            (WEEKDAYS[r["weekday"]], count(r["n"]), *(number(r[c]) for c in names))
            for r in self.table.to_dict("records")
        )
        header = ("weekday", "streams", "25 %", "median", "75 %", "largest")
        return (Sheet(self.column, header, rows),)


def boxes(tables: Tables, column: str) -> Boxes | None:
    """Quartiles of a number of streams by weekday; None where no stream has it."""
    name = q(column)
    rows = f"(SELECT weekday, {name} AS v FROM streams WHERE {name} IS NOT NULL)"
    quarters = (
        "SELECT weekday, count(*) AS n, min(v) AS least, max(v) AS most, "
        f"quantile_cont(v, [0.25, 0.5, 0.75]) AS qs FROM {rows} "
        "WHERE weekday IS NOT NULL GROUP BY weekday"
    )
    reach = f"{WHISKER} * (b.qs[3] - b.qs[1])"
    below, above = f"v < b.qs[1] - {reach}", f"v > b.qs[3] + {reach}"
    found = tables.frame(
        "SELECT b.weekday, any_value(n) AS n, any_value(least) AS least, "
        f"min(v) FILTER (NOT ({below})) AS low, any_value(qs[1]) AS q1, "
        "any_value(qs[2]) AS median, "
        f"any_value(qs[3]) AS q3, max(v) FILTER (NOT ({above})) AS high, any_value(most) AS most, "
        f"count_if({below} OR {above}) AS outside, max(v, {FLIERS}) FILTER ({above}) AS fliers "
        f"FROM ({quarters}) b JOIN {rows} r ON b.weekday = r.weekday GROUP BY 1 ORDER BY 1"
    )
    if found.empty:
        return None
    fliers = {
        int(day): tuple(values or ())
        for day, values in zip(found["weekday"], found["fliers"], strict=True)
    }
    note = f"of the values above the whiskers the {FLIERS} largest of each weekday are drawn"
    cut = max(len(values) for values in fliers.values()) == FLIERS
    return Boxes(
        key=f"boxes_{file_name(column)}",
        title=f"{column} by weekday",
        column=column,
        table=found.drop(columns="fliers"),
        fliers=fliers,
        notes=(note,) * cut,
    )
