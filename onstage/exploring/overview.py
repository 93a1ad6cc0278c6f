"""How large a log is, and how long it lasts."""

from dataclasses import dataclass

from typing_extensions import override

from onstage.exploring.exhibit import Exhibit, Sheet
from onstage.exploring.tables import SECONDS_A_DAY, Tables
from onstage.exploring.wording import count, counted, duration, number, percent


@dataclass(frozen=True, kw_only=True)
class Overview(Exhibit):
    """Counts of the accepted log.

    Attributes
    ----------
    pairs
        Different (user, item).
    first, last
        Times of the first and the last row, as the clock renders them.
    span_seconds
        Between them.
    median_rows
        Rows of the median user.
    """

    key: str = "overview"
    title: str = "Size and time"
    rows: int
    users: int
    items: int
    pairs: int
    first: str
    last: str
    span_seconds: float
    median_rows: float

    @property
    def density(self) -> float:
        """Share of all possible pairs that occur."""
        return self.pairs / (self.users * self.items)

    @property
    @override
    def sentence(self) -> str:
        days = self.span_seconds / SECONDS_A_DAY
        lasts = f"{number(days)} days" if days >= 1 else duration(self.span_seconds)
        return (
            f"{counted(self.rows, 'row')} by {counted(self.users, 'user')} on "
            f"{counted(self.items, 'item')} within {lasts}; the median user has "
            f"{number(self.median_rows)}. Of all pairs of a user and an item "
            f"{percent(self.density)} occur."
        )

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        rows = (
            ("rows", count(self.rows)),
            ("users", count(self.users)),
            ("items", count(self.items)),
            ("pairs of user and item", count(self.pairs)),
            ("rows per user, mean", number(self.rows / self.users)),
            ("rows per user, median", number(self.median_rows)),
            ("first row", self.first),
            ("last row", self.last),
        )
        return (Sheet("In numbers", ("what", "value"), rows),)


def overview(tables: Tables) -> Overview:
    """Count rows, users, items and pairs, and read the clock."""
    rows, first, last = tables.row("SELECT count(*), min(tick), max(tick) FROM log")
    users, median = tables.row(
        "SELECT count(*), median(n) FROM (SELECT count(*) n FROM log GROUP BY user)"
    )
    (items,) = tables.row("SELECT count(*) FROM (SELECT 1 FROM log GROUP BY item)")
    (pairs,) = tables.row("SELECT count(*) FROM (SELECT 1 FROM log GROUP BY user, item)")
    return Overview(
        rows=rows,
        users=users,
        items=items,
        pairs=pairs,
        first=tables.clock.render(first),
        last=tables.clock.render(last),
        span_seconds=tables.clock.seconds(last - first),
        median_rows=median,
    )
