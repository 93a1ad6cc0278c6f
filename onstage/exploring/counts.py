"""How many users (items) have how many rows (streams): the share that came once."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Absent, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, number, percent


CLIP: Final = 30
"""Larger counts stand together in one bar."""


@dataclass(frozen=True, kw_only=True)
class Counts(Exhibit):
    """Number of holders for each count.

    Attributes
    ----------
    holder, thing
        Words: ``user`` and ``row``, say.
    values, holders : ndarray of int64, shape (n_values,)
        Counts that occur, rising, and how many have each.
    """

    holder: str
    thing: str
    values: NDArray[np.int64] = field(metadata=UNTOLD)
    holders: NDArray[np.int64] = field(metadata=UNTOLD)

    @property
    def total(self) -> int:
        """How many holders there are."""
        return int(self.holders.sum())

    @property
    def once(self) -> float:
        """Share of those with one."""
        return float(self.holders[self.values == 1].sum() / self.total)

    @property
    def median(self) -> float:
        """The count of the median holder."""
        return float(np.median(np.repeat(self.values, self.holders)))

    @property
    def beyond(self) -> float:
        """Share of those above :data:`CLIP`."""
        return float(self.holders[self.values > CLIP].sum() / self.total)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the holders with 1, 2, … :data:`CLIP`, and with more."""
        clipped = np.minimum(self.values, CLIP + 1)
        sums = np.bincount(clipped, self.holders, minlength=CLIP + 2)[1:]
        return np.asarray(sums / self.total, dtype=np.float64)

    @property
    @override
    def sentence(self) -> str:
        most = int(self.values.max())
        once = f"{percent(self.once)} have" if self.once else "none has"
        return (
            f"Of the {count(self.total)} {self.holder}s {once} one {self.thing} only; the median "
            f"{self.holder} has {number(self.median)}, {percent(self.beyond)} have more than "
            f"{CLIP}, and the most is {count(most)}."
        )

    @override
    def facts(self) -> dict[str, object]:
        return {
            **super().facts(),
            "total": self.total,
            "once": self.once,
            "median": self.median,
            f"above_{CLIP}": self.beyond,
            "most": int(self.values.max()),
        }


def per_user(tables: Tables) -> Counts:
    """Rows of each user: times watched."""
    return _counts(
        tables, "SELECT count(*) n FROM log GROUP BY user", "rows_per_user", ("user", "row")
    )


def per_item(tables: Tables) -> Counts:
    """Rows of each item: how often it was watched."""
    return _counts(
        tables, "SELECT count(*) n FROM log GROUP BY item", "rows_per_item", ("item", "row")
    )


def streams_per_item(tables: Tables) -> Counts | Absent:
    """Streams of each item: times streamed."""
    if not tables.has("streams"):
        title, needed = TITLES["streams_per_item"], ("windows.starts", "windows.ends")
        return Absent("streams_per_item", title, needed, "no table says when items were live")
    sql = "SELECT count(*) n FROM streams WHERE item IS NOT NULL GROUP BY item"
    return _counts(tables, sql, "streams_per_item", ("item", "stream"))


TITLES: Final = {
    "rows_per_user": "Times watched: rows per user",
    "rows_per_item": "Times seen: rows per item",
    "streams_per_item": "Times streamed: streams per item",
}


def _counts(tables: Tables, sql: str, key: str, words: tuple[str, str]) -> Counts:
    found = tables.frame(f"SELECT n, count(*) AS holders FROM ({sql}) GROUP BY n ORDER BY n")
    return Counts(
        key=key,
        title=TITLES[key],
        holder=words[0],
        thing=words[1],
        values=found["n"].to_numpy(dtype=np.int64),
        holders=found["holders"].to_numpy(dtype=np.int64),
    )
