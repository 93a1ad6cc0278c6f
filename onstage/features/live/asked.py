"""Requests and their candidates as flat pairs, and what each pair is joined with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onstage.data.requests import Requests
from onstage.types import Positions, Ticks


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
        return np.unique(self.item, return_inverse=True)

    @cached_property
    def moments(self) -> tuple[Positions, Ticks, Positions]:
        """The distinct (item, time), and the number of each pair's among them."""
        instants, instant = np.unique(self.requests.times, return_inverse=True)
        key = self.item * len(instants) + instant[self.line]
        keys, number = np.unique(key, return_inverse=True)
        return keys // len(instants), instants[keys % len(instants)], number

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
