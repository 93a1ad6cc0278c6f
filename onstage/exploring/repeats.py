"""How often the same user meets the same item."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, percent


MANY: Final = 10
"""More rows of one pair stand together in one bar."""


@dataclass(frozen=True, kw_only=True)
class Repeats(Exhibit):
    """Number of pairs for each number of rows.

    Attributes
    ----------
    values, pairs : ndarray of int64, shape (n_values,)
        Rows of a pair that occur, rising, and how many pairs have so many.
    """

    key: str = "repeats"
    title: str = "Repeats"
    values: NDArray[np.int64] = field(metadata=UNTOLD)
    pairs: NDArray[np.int64] = field(metadata=UNTOLD)

    @property
    def rows(self) -> int:
        """All rows."""
        return int((self.values * self.pairs).sum())

    @property
    def share(self) -> float:
        """Share of the rows whose pair occurs in an earlier row."""
        return 1 - float(self.pairs.sum()) / self.rows

    @property
    def shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shares of pairs, and of rows, by rows of the pair: 1 to :data:`MANY`, and more."""
        clipped = np.minimum(self.values, MANY + 1)
        pairs = np.bincount(clipped, self.pairs, minlength=MANY + 2)[1:]
        rows = np.bincount(clipped, self.pairs * self.values, minlength=MANY + 2)[1:]
        return pairs / pairs.sum(), rows / rows.sum()

    @property
    @override
    def sentence(self) -> str:
        total, again = int(self.pairs.sum()), int(self.pairs[self.values > 1].sum())
        if not again:
            return f"Nobody repeats: each of the {count(total)} pairs of user and item occurs once."
        return (
            f"{percent(self.share)} of the rows repeat a pair of user and item that occurred "
            f"before; {percent(again / total)} of the {count(total)} pairs occur more than once, "
            f"one of them {count(self.values.max())} times."
        )

    @override
    def facts(self) -> dict[str, object]:
        again = int(self.pairs[self.values > 1].sum())
        return {
            **super().facts(),
            "share_of_rows": self.share,
            "pairs": int(self.pairs.sum()),
            "pairs_more_than_once": again,
            "most": int(self.values.max()),
        }


def repeats(tables: Tables) -> Repeats:
    """Count rows by pair of user and item."""
    found = tables.frame(
        "SELECT n, count(*) AS pairs FROM (SELECT count(*) n FROM log GROUP BY user, item) "
        "GROUP BY n ORDER BY n"
    )
    return Repeats(
        values=found["n"].to_numpy(dtype=np.int64), pairs=found["pairs"].to_numpy(dtype=np.int64)
    )
