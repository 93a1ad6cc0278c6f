"""Rows of many groups in order of time: what was there just before an instant."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Ticks


@dataclass(frozen=True, eq=False)
class Timeline:
    """Rows grouped (by user, by item, by pair) and sorted by time within each group.

    Attributes
    ----------
    order : ndarray of int64, shape (n_rows,)
        Row numbers, sorted by group, then time; rows of one group and time keep their order.
    group : ndarray of int64, shape (n_rows,)
        Group of each row, in `order`: ascending.
    time : ndarray of int64, shape (n_rows,)
        Ticks, in `order`.
    instants : ndarray of int64
        Distinct times, ascending: ranks instead of ticks keep the search keys from overflowing.
    """

    order: Positions
    group: Positions
    time: Ticks
    instants: Ticks

    @classmethod
    def of(cls, group: Positions, time: Ticks) -> "Timeline":
        """Group rows, given in any order."""
        order = np.lexsort((time, group))
        return cls(order, group[order], time[order], np.unique(time))

    @cached_property
    def place(self) -> Positions:
        """Number of earlier rows of the same group, shape (n_rows,), in `order`."""
        opens = np.ones(len(self.group), dtype=np.bool_)
        opens[1:] = self.group[1:] != self.group[:-1]
        first = np.flatnonzero(opens)
        counts = np.diff(np.append(first, len(opens)))
        return np.asarray(np.arange(len(opens)) - np.repeat(first, counts), dtype=np.int64)

    @cached_property
    def _keys(self) -> Positions:
        span = len(self.instants) + 1
        return np.asarray(self.group * span + np.searchsorted(self.instants, self.time))

    def before(self, group: Positions, times: Ticks) -> Positions:
        """Place in `order` of the newest row of each group with ``time < t``; -1 without one."""
        span = len(self.instants) + 1
        wanted = group * span + np.searchsorted(self.instants, times, side="left")
        last = np.searchsorted(self._keys, wanted, side="left") - 1
        found = (last >= 0) & (self.group[np.maximum(last, 0)] == group)
        return np.where(found, last, -1)

    def counts(self, group: Positions, times: Ticks) -> Positions:
        """Rows of each group with ``time < t``."""
        if len(self.order) == 0:
            return np.zeros(len(group), dtype=np.int64)
        last = self.before(group, times)
        return np.where(last >= 0, self.place[last] + 1, 0)

    def running(
        self, values: NDArray[np.float64], half_lives: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        r"""Sum within the group up to and with each row, old values fading.

        Parameters
        ----------
        values : ndarray, shape (n_rows, n_columns)
            In `order`.
        half_lives : ndarray, shape (n_columns,), optional
            Ticks after which a value counts half; nothing fades by default.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_columns)
            :math:`\sum_{r \le k} v_r 2^{-(t_k - t_r) / h}`. Every group is added up by itself, row
            after row, so that no other group changes the last bit of a sum.
        """
        total = np.array(values, dtype=np.float64)
        by_place = np.argsort(self.place, kind="stable")
        bounds = np.searchsorted(self.place[by_place], np.arange(1, self._deepest + 2))
        for low, high in pairwise(bounds):
            rows = by_place[low:high]
            earlier = total[rows - 1]
            if half_lives is not None:
                passed = (self.time[rows] - self.time[rows - 1])[:, None]
                earlier = earlier * np.exp2(-passed / half_lives)
            total[rows] += earlier
        return total

    @property
    def _deepest(self) -> int:
        return int(self.place.max(initial=0))
