"""Which items each request may be answered with."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions


def _none() -> Positions:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Candidates:
    """Candidate sets, shared by requests that ask at the same instant, minus exclusions.

    Attributes
    ----------
    indptr : ndarray of int64, shape (n_sets + 1,)
    items : ndarray of int64, shape (n_candidates,)
        Set ``s`` is ``items[indptr[s]:indptr[s + 1]]``: positions, ascending, each once.
    of : ndarray of int64, shape (n_requests,)
        The set of each request.
    excluded_request, excluded_item : ndarray of int64, shape (n_exclusions,)
        Single items taken from single requests: what the repeat policy forbids, or what only the
        target's own row made live. Sorted by request; items that are no candidates do no harm.
    """

    indptr: Positions
    items: Positions
    of: Positions
    excluded_request: Positions = field(default_factory=_none)
    excluded_item: Positions = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.of)

    @classmethod
    def shared(cls, items: Positions, n_requests: int) -> Self:
        """Give every request the same set."""
        unique = np.unique(np.asarray(items, dtype=np.int64))
        return cls(np.array([0, len(unique)]), unique, np.zeros(n_requests, dtype=np.int64))

    def set(self, number: int) -> Positions:
        """The items of one set, ascending."""
        return self.items[self.indptr[number] : self.indptr[number + 1]]

    def without(self, requests: Positions, items: Positions) -> Self:
        """Exclude more (request, item) pairs, given in any order."""
        request = np.concatenate([self.excluded_request, requests])
        item = np.concatenate([self.excluded_item, items])
        order = np.argsort(request, kind="stable")
        return replace(self, excluded_request=request[order], excluded_item=item[order])

    def take(self, rows: NDArray[np.int64]) -> Self:
        """The candidates of the requests at `rows` (ascending, each once)."""
        number = np.full(len(self.of), -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        kept = number[self.excluded_request]
        return replace(
            self,
            of=self.of[rows],
            excluded_request=kept[kept >= 0],
            excluded_item=self.excluded_item[kept >= 0],
        )

    def arranged(self, order: NDArray[np.int64]) -> Self:
        """The candidates of the requests in another order (a permutation)."""
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        request = number[self.excluded_request]
        by_request = np.argsort(request, kind="stable")
        return replace(
            self,
            of=self.of[order],
            excluded_request=request[by_request],
            excluded_item=self.excluded_item[by_request],
        )

    def blocks(self, cells: int) -> Iterator[tuple[Positions, Positions, NDArray[np.bool_]]]:
        """Walk over groups of requests that share a set, in bounded memory.

        Parameters
        ----------
        cells
            Most requests x items in one block (at least one request is always given).

        Yields
        ------
        rows : ndarray of int64, shape (n,)
            Request numbers, ascending.
        items : ndarray of int64, shape (m,)
            Their shared candidates, ascending.
        excluded : ndarray of bool, shape (n, m)
            Pairs that are no candidates after all.
        """
        order = np.argsort(self.of, kind="stable")
        sets, first = np.unique(self.of[order], return_index=True)
        stops = np.append(first, len(order))[1:]
        for number, start, stop in zip(sets, first, stops, strict=True):
            items = self.set(int(number))
            step = max(1, cells // max(1, len(items)))
            for low in range(start, stop, step):
                rows = order[low : min(low + step, stop)]
                yield rows, items, self._excluded(rows, items)

    def _excluded(self, rows: Positions, items: Positions) -> NDArray[np.bool_]:
        mask = np.zeros((len(rows), len(items)), dtype=np.bool_)
        if len(self.excluded_request) == 0 or len(items) == 0:
            return mask
        start = np.searchsorted(self.excluded_request, rows, side="left")
        stop = np.searchsorted(self.excluded_request, rows, side="right")
        for line, (low, high) in enumerate(zip(start, stop, strict=True)):
            gone = self.excluded_item[low:high]
            where = np.searchsorted(items, gone)
            hit = (where < len(items)) & (items[np.minimum(where, len(items) - 1)] == gone)
            mask[line, where[hit]] = True
        return mask

    def sizes(self) -> NDArray[np.int64]:
        """Candidates of each request after exclusions, shape (n_requests,)."""
        sizes = np.diff(self.indptr)[self.of]
        for rows, _, excluded in self.blocks(1 << 22):
            sizes[rows] -= excluded.sum(axis=1)
        return sizes
