"""How unequally rows are spread over items."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, number, percent


@dataclass(frozen=True, kw_only=True)
class Tail(Exhibit):
    """Rows of each item, most popular first.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_items,)
        Falling.
    top
        Title or id of the most popular item; of several the first by the text of their ids.
    """

    key: str = "long_tail"
    title: str = "Long tail of items"
    rows: NDArray[np.int64] = field(metadata=UNTOLD)
    top: str

    def share_of_top(self, share: float) -> float:
        """Share of all rows that the most popular `share` of the items have; at least one item."""
        return float(self.rows[: max(1, round(share * len(self.rows)))].sum() / self.rows.sum())

    @property
    def half(self) -> int:
        """Fewest items that have half of all rows."""
        cumulated = np.cumsum(self.rows)
        return int(np.searchsorted(2 * cumulated, cumulated[-1])) + 1

    @property
    def gini(self) -> float:
        """Gini coefficient of rows over items: 0 if all have as many, near 1 if one has all."""
        rising = self.rows[::-1]
        n = len(rising)
        weighted = float((np.arange(1, n + 1) * rising).sum())
        return 2 * weighted / (n * float(rising.sum())) - (n + 1) / n

    @property
    @override
    def sentence(self) -> str:
        items = len(self.rows)
        return (
            f"The most popular 1 % of the {count(items)} items have "
            f"{percent(self.share_of_top(0.01))} of the rows, the first 10 % have "
            f"{percent(self.share_of_top(0.1))}; half of all rows fall on {count(self.half)} "
            f"({percent(self.half / items)} of the items; Gini {number(self.gini)}). "
            f"{self.top} alone has {percent(self.rows[0] / self.rows.sum())}."
        )

    @override
    def facts(self) -> dict[str, object]:
        return {
            **super().facts(),
            "items": len(self.rows),
            "share_of_top_1_percent": self.share_of_top(0.01),
            "share_of_top_10_percent": self.share_of_top(0.1),
            "items_with_half_of_the_rows": self.half,
            "gini": self.gini,
            "most_rows": int(self.rows[0]),
        }


def tail(tables: Tables) -> Tail:
    """Count rows by item."""
    found = tables.frame("SELECT count(*) AS n FROM log GROUP BY item ORDER BY n DESC")
    (top,) = tables.row(
        "SELECT CAST(item AS VARCHAR) FROM log GROUP BY item ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    return Tail(rows=found["n"].to_numpy(dtype=np.int64), top=tables.title(top) or f"Item {top}")
