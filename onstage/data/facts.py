"""Facts about interactions that no single row shows: the user's pace, the item's windows."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.types import Positions, Ticks


def user_paces(
    user: Positions, time: Ticks, ticks_per_day: float, min_rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How densely and how regularly the user of each row acts.

    Parameters
    ----------
    user : ndarray of int64, shape (n_rows,)
        Positions from 0.
    time : ndarray of int64, shape (n_rows,)
        Ticks, in any order.
    ticks_per_day
        Length of a day in ticks; days start at tick 0.
    min_rows
        Users with fewer rows have no rhythm to speak of: their spread is ``nan``.

    Returns
    -------
    peak : ndarray of float64, shape (n_rows,)
        Most interactions of the row's user in one day.
    spread : ndarray of float64, shape (n_rows,)
        Standard deviation of the gaps between the user's interactions over their mean (0 is a
        metronome; people are near or above 1); ``nan`` also where all gaps are 0.
    """
    if len(user) == 0:
        return np.empty(0), np.empty(0)
    in_time = bool((time[1:] >= time[:-1]).all())
    order = np.argsort(user, kind="stable") if in_time else np.lexsort((time, user))
    who, when = user[order], time[order]
    day = np.floor_divide(when, ticks_per_day).astype(np.int64)
    opens = np.flatnonzero(np.r_[True, (who[1:] != who[:-1]) | (day[1:] != day[:-1])])
    per_day = np.diff(np.append(opens, len(who)))
    n_users = int(who[-1]) + 1
    acting = who[opens]
    firsts = np.flatnonzero(np.r_[True, acting[1:] != acting[:-1]])
    peak = np.zeros(n_users)
    peak[acting[firsts]] = np.maximum.reduceat(per_day, firsts)
    return peak[user], _spreads(who, when, n_users, min_rows)[user]


def _spreads(who: Positions, when: Ticks, n_users: int, min_rows: int) -> NDArray[np.float64]:
    rows = np.bincount(who, minlength=n_users)
    steady = np.flatnonzero((who[1:] == who[:-1]) & (rows[who[1:]] >= min_rows))
    owner = who[steady]
    gap = (when[steady + 1] - when[steady]).astype(np.float64)
    n = np.bincount(owner, minlength=n_users)
    total = np.bincount(owner, weights=gap, minlength=n_users)
    mean = np.divide(total, n, out=np.zeros(n_users), where=n > 0)
    square = np.bincount(owner, weights=(gap - mean[owner]) ** 2, minlength=n_users)
    spread = np.full(n_users, np.nan)
    timed = total > 0
    spread[timed] = np.sqrt(square[timed] / n[timed]) / mean[timed]
    return spread


def ticks_outside(
    item: pd.Series, time: Ticks, windows: tuple[pd.Series, Ticks, Ticks]
) -> NDArray[np.float64]:
    """Distance in ticks from each time to the nearest window of its item.

    Parameters
    ----------
    item : pandas.Series, shape (n_rows,)
        Identifiers.
    time : ndarray of int64, shape (n_rows,)
        Ticks.
    windows
        Identifiers, starts and ends, each of shape (n_windows,): ``starts <= t < ends``. They may
        overlap.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        0 inside a window; 1 at the very end, which is outside; ``inf`` for an item without any.

    Notes
    -----
    One sort of the windows and one binary search a row.
    """
    owner, starts, ends = windows
    far = np.full(len(time), np.inf)
    if len(owner) == 0:
        return far
    of, vocabulary = pd.factorize(owner)
    order = np.lexsort((starts, of))
    of, starts, ends = of[order], starts[order], ends[order]
    position = pd.Index(vocabulary).get_indexer(pd.Index(item)).astype(np.int64)
    opened, closed = np.sort(starts), np.sort(ends)  # for ranks: ticks would overflow below
    key = of * (len(opened) + 1) + np.searchsorted(opened, starts) + 1
    asked = position * (len(opened) + 1) + np.searchsorted(opened, time, side="right")
    before = np.searchsorted(key, asked, side="right") - 1
    reach = np.maximum.accumulate(of * len(closed) + np.searchsorted(closed, ends))
    end = closed[reach - of * len(closed)]
    known = position >= 0
    has = known & (before >= 0) & (of[np.maximum(before, 0)] == position)
    far[has] = np.maximum(time[has] - end[before[has]] + 1, 0)
    after = np.minimum(before + 1, len(of) - 1)
    follows = known & (before + 1 < len(of)) & (of[after] == position)
    far[follows] = np.minimum(far[follows], starts[after[follows]] - time[follows])
    return far
