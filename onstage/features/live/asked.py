"""Requests and their candidates as flat pairs, and what each pair is joined with."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onstage.data.requests import Requests
from onstage.types import Positions, Ticks


TABLE = 8
"""A table this many times as long as what is looked up beats sorting."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Every candidate of every request, one after the other.

    Attributes
    ----------
    requests
        Who asks, and when.
    line : ndarray of int64, shape (n_pairs,)
        Request of each pair, ascending.
    item : ndarray of int64, shape (n_pairs,)
        Candidate, ascending within a request, each once.
    n_items
        Size of the item vocabulary.
    """

    requests: Requests
    line: Positions
    item: Positions
    n_items: int

    def __len__(self) -> int:
        return len(self.line)

    @cached_property
    def bounds(self) -> Positions:
        """The pairs of request ``i`` are ``bounds[i]:bounds[i + 1]``."""
        return np.searchsorted(self.line, np.arange(len(self.requests) + 1))

    @property
    def user(self) -> Positions:
        """User of each pair."""
        return self.requests.users[self.line]

    @property
    def time(self) -> Ticks:
        """Time of each pair."""
        return self.requests.times[self.line]

    @cached_property
    def live(self) -> tuple[Positions, Positions]:
        """The distinct items, ascending, and the number of each pair's item among them."""
        return distinct(self.item, self.n_items)

    @cached_property
    def moments(self) -> tuple[Positions, Ticks, Positions]:
        """The distinct (item, time), and the number of each pair's among them."""
        items, column = self.live
        instants, instant = np.unique(self.requests.times, return_inverse=True)
        key = column * len(instants) + instant[self.line]
        keys, number = distinct(key, len(items) * len(instants))
        return items[keys // max(len(instants), 1)], instants[keys % len(instants)], number

    def places(self, line: Positions, item: Positions) -> Positions:
        """Numbers of the pairs (line, item); -1 where the item is no candidate."""
        if len(self) == 0:
            return np.full(len(line), -1, dtype=np.int64)
        keys = self.line * self.n_items + self.item
        wanted = line * self.n_items + item
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)

    def take(self, rows: Positions) -> "Asked":
        """Some of the pairs, ascending; the requests stay."""
        return Asked(self.requests, self.line[rows], self.item[rows], self.n_items)

    def slices(self, cells: int) -> Iterator[tuple[slice, "Asked"]]:
        """Runs of requests with at most `cells` requests x distinct items, and their pairs."""
        step = max(1, cells // max(1, len(self.live[0])))
        for low in range(0, max(1, len(self.requests)), step):  # one run, if nobody asks
            high = min(low + step, len(self.requests))
            some = slice(int(self.bounds[low]), int(self.bounds[high]))
            requests = self.requests.take(np.arange(low, high))
            yield some, Asked(requests, self.line[some] - low, self.item[some], self.n_items)


def distinct(values: Positions, size: int) -> tuple[Positions, Positions]:
    """Distinct values below `size`, ascending, and the number of each value among them.

    As ``numpy.unique`` does, without a sort where a table of `size` is not much longer than that.
    """
    if size > TABLE * len(values):
        return np.unique(values, return_inverse=True)
    there = np.zeros(size, dtype=np.bool_)
    there[values] = True
    number = np.cumsum(there) - 1
    return np.flatnonzero(there), number[values]
