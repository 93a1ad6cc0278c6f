"""What is looked at in a period: numbers, distributions of numbers, and shares of categories."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.monitoring.periods import HOURS, Periods


Number = Callable[[Periods, int], float]
Values = Callable[[Periods, NDArray[np.int64]], NDArray[np.float64] | None]
"""From periods and row numbers to one value a row, or to one count a category."""


def rows(periods: Periods, number: int) -> float:
    """Interactions."""
    return float(len(periods.rows(number)))


def users(periods: Periods, number: int) -> float:
    """Distinct users who did anything."""
    return float(len(np.unique(periods.data.user[periods.rows(number)])))


def rows_per_user(periods: Periods, number: int) -> float:
    """Interactions of an active user."""
    return rows(periods, number) / max(users(periods, number), 1.0)


def new_users(periods: Periods, number: int) -> float:
    """Share of active users whose first row it is."""
    new = periods.new_user[periods.rows(number)].sum()
    return float(new) / max(users(periods, number), 1.0)


def repeats(periods: Periods, number: int) -> float:
    """Share of rows whose user had the item before."""
    mine = periods.repeat[periods.rows(number)]
    return float(mine.mean()) if len(mine) else 0.0


def items(periods: Periods, number: int) -> float:
    """Distinct items that anybody interacted with."""
    return float(len(np.unique(periods.data.item[periods.rows(number)])))


def live(periods: Periods, number: int) -> float:
    """Distinct items that were live and ended."""
    return float(len(np.unique(periods.index.item[periods.windows == number])))


NUMBERS: Final[Mapping[str, Number]] = MappingProxyType(
    {
        "rows": rows,
        "users": users,
        "rows_per_user": rows_per_user,
        "items": items,
        "items_live": live,
    }
)
"""Name to a function of the periods and one's number."""

PROPORTIONS: Final[Mapping[str, Number]] = MappingProxyType(
    {"new_user_share": new_users, "repeat_share": repeats}
)
"""The same, from 0 to 1."""


def durations(periods: Periods, chosen: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Seconds that rows lasted; None in logs of points in time."""
    return None if periods.seconds is None else periods.seconds[chosen]


def weights(periods: Periods, chosen: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Weights of rows; None where all rows of the log weigh the same."""
    weight = periods.data.weight
    if len(weight) == 0 or weight.min() == weight.max():
        return None
    return weight[chosen].astype(np.float64)


DISTRIBUTIONS: Final[Mapping[str, Values]] = MappingProxyType(
    {"duration_seconds": durations, "weight": weights}
)
"""Name to values of rows."""


def by_hour(periods: Periods, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows that began in each hour of the day, shape (24,)."""
    return np.bincount(periods.hour[chosen], minlength=HOURS).astype(np.float64)


def by_item(periods: Periods, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows of each item, shape (n_items,)."""
    return np.bincount(periods.data.item[chosen], minlength=periods.data.n_items).astype(np.float64)


SHARES: Final[Mapping[str, Values]] = MappingProxyType({"hour_of_day": by_hour, "item": by_item})
"""Name to counts by category."""
