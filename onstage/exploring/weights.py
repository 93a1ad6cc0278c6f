"""Which weights, ratings say, rows have."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Absent, Exhibit
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, counted, number, percent


TITLE: Final = "Weights"
MOST: Final = 40
"""More distinct weights are drawn as a histogram of so many bins."""


@dataclass(frozen=True, kw_only=True)
class Weights(Exhibit):
    """Rows by weight.

    Attributes
    ----------
    values, rows : ndarray, shape (n_values,)
        Weights (or middles of bins), rising, and their rows.
    distinct
        How many different weights there are.
    """

    key: str = "weights"
    title: str = TITLE
    values: NDArray[np.float64] = field(metadata=UNTOLD)
    rows: NDArray[np.int64] = field(metadata=UNTOLD)
    distinct: int
    mean: float
    most_frequent: float

    @property
    @override
    def sentence(self) -> str:
        if self.distinct == 1:
            return f"Every row has the weight {number(self.most_frequent)}."
        share = self.rows.max() / self.rows.sum()
        return (
            f"There are {counted(self.distinct, 'different weight')} with a mean of "
            f"{number(self.mean)}; {percent(float(share))} of the rows weigh "
            f"{'about ' * (self.distinct > MOST)}{number(self.most_frequent)}."
        )

    @override
    def facts(self) -> dict[str, object]:
        listed = dict(zip(map(str, self.values.tolist()), self.rows.tolist(), strict=True))
        return {**super().facts(), "rows_by_weight": listed}


def weights(tables: Tables) -> Weights | Absent:
    """Count rows by weight."""
    missing = Absent("weights", TITLE, ("interactions.weight",), "every row counts 1")
    if not tables.has("log", "weight"):
        return missing
    with tables.in_order():
        known, distinct, mean, low, high = tables.row(
            "SELECT count(weight), count(DISTINCT weight), avg(weight), min(weight), max(weight) "
            "FROM log"
        )
    if not known:
        return Absent("weights", TITLE, missing.missing, "no row has a value")
    value = "weight"
    if distinct > MOST:
        width = (high - low) / MOST
        bin_ = f"least(floor((weight - {low!r}) / {width!r}), {MOST - 1})"
        value = f"{low!r} + ({bin_} + 0.5) * {width!r}"
    found = tables.frame(
        f"SELECT {value} AS v, count(*) AS n FROM log WHERE weight IS NOT NULL "
        "GROUP BY v ORDER BY v"
    )
    lost = tables.rows["log"] - known
    return Weights(
        values=found["v"].to_numpy(dtype=np.float64),
        rows=found["n"].to_numpy(dtype=np.int64),
        distinct=distinct,
        mean=mean,
        most_frequent=float(found["v"].iloc[found["n"].argmax()]),
        notes=(f"{count(lost)} rows have no weight",) * bool(lost),
    )
