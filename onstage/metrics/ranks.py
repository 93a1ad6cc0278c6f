"""Where the relevant items of each event were ranked: all that a ranking metric needs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of relevant items, ragged over events.

    Attributes
    ----------
    event : ndarray of int64, shape (n_relevant,)
        Event numbers, ascending. Every event ``0 <= e < len(n_candidates)`` has at least one.
    rank : ndarray of float64, shape (n_relevant,)
        Places counted from 1 among the event's candidates, ascending within an event.
    n_candidates : ndarray of int64, shape (n_events,)
        Length of the full ranking.

    Notes
    -----
    Ties. A relevant item stands at the mean place of the candidates that score as it does. Where
    ``m`` relevant items share a block of ``b`` candidates behind ``a`` better ones, the ``j``-th
    of them stands at ``a + j (b + 1) / (m + 1)``: its expected place if the block were shuffled.
    For ``m = 1`` that is the mean rank of the block. Places of relevant items are at least 1
    apart, so every metric stays within its bounds.

    Depth. An item is within depth `k` if its place is below ``k + 1``: the mean rank counted from
    0 is below `k`, as in the released code of LiveRec. So the two items of a tie at the top, both
    at 1.5, are within depth 1, and the three of a triple, at 2, are not.
    """

    event: Positions
    rank: NDArray[np.float64]
    n_candidates: NDArray[np.int64]

    @classmethod
    def from_ties(
        cls,
        event: Positions,
        ahead: NDArray[np.int64],
        tied: NDArray[np.int64],
        n_candidates: NDArray[np.int64],
    ) -> Self:
        """Place relevant items by how many candidates are better and how many are equal.

        Parameters
        ----------
        event : ndarray of int64, shape (n_relevant,)
            In any order.
        ahead, tied : ndarray of int64, shape (n_relevant,)
            Candidates with a larger score; candidates with the same one, itself included.
        n_candidates : ndarray of int64, shape (n_events,)
        """
        order = np.lexsort((ahead, event))
        event, ahead, tied = event[order], ahead[order], tied[order]
        opens = np.ones(len(event), dtype=np.bool_)
        opens[1:] = (event[1:] != event[:-1]) | (ahead[1:] != ahead[:-1])
        block = np.cumsum(opens) - 1
        within = np.arange(len(event)) - np.flatnonzero(opens)[block] + 1
        shared = np.bincount(block)[block] if len(block) else block
        return cls(event, ahead + within * (tied + 1) / (shared + 1), n_candidates)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.n_candidates)

    @cached_property
    def n_relevant(self) -> NDArray[np.int64]:
        """Relevant items of each event, shape (n_events,)."""
        return np.bincount(self.event, minlength=self.n_events)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """1 for an event's best-ranked relevant item, 2 for the next …, shape (n_relevant,)."""
        first = np.cumsum(self.n_relevant) - self.n_relevant
        return np.arange(len(self.event)) - first[self.event] + 1

    def total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum one value a relevant item over each event, shape (n_events,)."""
        sums = np.bincount(self.event, weights=values, minlength=self.n_events)
        return np.asarray(sums, dtype=np.float64)

    def within(self, k: int) -> NDArray[np.bool_]:
        """Whether each relevant item is within depth `k`, shape (n_relevant,)."""
        return np.asarray(self.rank < k + 1)

    def hits(self, k: int) -> NDArray[np.float64]:
        """Relevant items within depth `k`, shape (n_events,)."""
        return self.total(self.within(k).astype(np.float64))
