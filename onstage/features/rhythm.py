"""The week of a platform: when streamers broadcast and when viewers start to watch."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset


DAY = 24
WEEK = 168


def live_by_hour(index: AvailabilityIndex, clock: Clock, first: int, last: int) -> pd.DataFrame:
    """How many items are live, by hour of the day.

    Parameters
    ----------
    first, last
        Ticks of the span looked at, `last` not included: one instant is sampled at the start of
        each whole hour within.

    Returns
    -------
    pandas.DataFrame
        ``hour`` (0 to 23, those with a sample), ``value`` (mean), ``low`` and ``high`` (the tenth
        and ninetieth of a hundred), ``n`` (samples).
    """
    hours = np.arange(clock.hours(np.array([first]))[0] + 1, clock.hours(np.array([last]))[0] + 1)
    ticks = clock.first_ticks(hours)
    hours, ticks = hours[ticks < last], ticks[ticks < last]
    live = pd.Series(index.candidates(ticks).sizes(), index=hours % DAY, dtype="float64")
    grouped = live.groupby(level=0)
    table = pd.DataFrame(
        {
            "value": grouped.mean(),
            "low": grouped.quantile(0.1),
            "high": grouped.quantile(0.9),
            "n": grouped.size(),
        }
    )
    return table.rename_axis("hour").reset_index()


def week_of_streamers(
    index: AvailabilityIndex, clock: Clock, first: int, last: int
) -> NDArray[np.float64]:
    """Mean number of items live at each hour of the week, shape (7, 24); ``nan`` where unseen."""
    hours = np.arange(clock.hours(np.array([first]))[0] + 1, clock.hours(np.array([last]))[0] + 1)
    ticks = clock.first_ticks(hours)
    hours, ticks = hours[ticks < last] % WEEK, ticks[ticks < last]
    sizes = index.candidates(ticks).sizes()
    return _means(hours, sizes)


def week_of_viewers(log: Dataset) -> NDArray[np.float64]:
    """Mean number of rows that start in each hour of the week, shape (7, 24); ``nan`` if unseen."""
    hours = log.clock.hours(log.time)
    first = int(hours.min())
    counts = np.bincount(hours - first)
    return _means((np.arange(len(counts)) + first) % WEEK, counts)


def _means(hour: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.float64]:
    n = np.bincount(hour, minlength=WEEK)
    sums = np.bincount(hour, weights=values, minlength=WEEK)
    means = np.divide(sums, n, out=np.full(WEEK, np.nan), where=n > 0)
    return np.asarray(means.reshape(7, DAY))
