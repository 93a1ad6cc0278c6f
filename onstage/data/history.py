"""What each user did before an instant, for a batch of requests at once."""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.data.dataset import Dataset
from onstage.data.grouping import grouped
from onstage.data.requests import Requests, ragged
from onstage.types import Positions, Ticks


AT_ONCE: Final = 2**22
"""Rows that are sorted at once to find what users had."""


class History:
    """A dataset's rows grouped by user and sorted by time within each.

    Parameters
    ----------
    dataset
        May hold rows later than a request: a request at ``t`` only ever sees rows with
        ``time < t``.

    Notes
    -----
    Building groups the rows once, in linear time where they are in order of time. A batch of
    requests costs a binary search among the rows of its user for each, plus the rows it sees.
    """

    def __init__(self, dataset: Dataset) -> None:
        in_time = bool((dataset.time[1:] >= dataset.time[:-1]).all())
        order = grouped(dataset.user) if in_time else np.lexsort((dataset.time, dataset.user))
        self.n_items = dataset.n_items
        self.item: Positions = dataset.item[order]
        self.time: Ticks = dataset.time[order]
        self.weight: NDArray[np.float32] = dataset.weight[order]
        self.ends: Ticks | None = None if dataset.ends is None else dataset.ends[order]
        self._first = np.concatenate(([0], np.cumsum(dataset.user_counts)))

    @cached_property
    def user(self) -> Positions:
        """Whose row it is, shape (n_rows,)."""
        return np.repeat(np.arange(len(self._first) - 1), np.diff(self._first))

    def bounds(self, requests: Requests) -> tuple[Positions, Positions]:
        """Half-open row ranges of what each request may see; empty for unknown users."""
        known = requests.users >= 0
        user = requests.users[known]
        start, stop = np.zeros((2, len(requests)), dtype=np.int64)
        start[known], stop[known] = self._first[user], self._first[user + 1]
        return start, self._older(start, stop, requests.times)

    def _older(self, start: Positions, stop: Positions, times: Ticks) -> Positions:
        """Ends of the rows with ``time < t`` within ranges of one user each, by bisection."""
        low, high = start, stop
        while (open_ := low < high).any():
            middle = (low + high) // 2
            older = open_ & (self.time[np.where(open_, middle, 0)] < times)
            low, high = np.where(older, middle + 1, low), np.where(open_ & ~older, middle, high)
        return low

    def of_users(self, users: Positions) -> tuple[Positions, Positions]:
        """Half-open row ranges of everything there is of each user, later rows too."""
        return self._first[users], self._first[users + 1]

    def had(self, users: Positions, items: Positions, times: Ticks) -> NDArray[np.bool_]:
        """Whether each user has a row of each item with ``time < t``, shape (n_pairs,)."""
        found = np.zeros(len(users), dtype=np.bool_)
        for some in self._in_parts(np.unique(users[users >= 0])):
            of, row = ragged(*self.of_users(some))
            visits, first = np.unique(some[of] * self.n_items + self.item[row], return_index=True)
            began = self.time[row[first]]
            asked = np.flatnonzero((users >= some[0]) & (users <= some[-1]))
            wanted = users[asked] * self.n_items + items[asked]
            place = np.minimum(np.searchsorted(visits, wanted), len(visits) - 1)
            found[asked] = (visits[place] == wanted) & (began[place] < times[asked])
        return found

    def _in_parts(self, users: Positions) -> Iterator[Positions]:
        """Users, ascending, in parts of some :data:`AT_ONCE` rows together, none without a row."""
        start, stop = self.of_users(users)
        users, sizes = users[stop > start], (stop - start)[stop > start]
        part = np.cumsum(sizes) // AT_ONCE
        yield from (
            some for some in np.split(users, np.flatnonzero(np.diff(part)) + 1) if len(some)
        )

    def rows(self, requests: Requests) -> tuple[Positions, Positions]:
        """Every (request, row) pair visible: request numbers and row numbers, oldest first.

        Index :attr:`item`, :attr:`time` and :attr:`weight` with the row numbers.
        """
        return ragged(*self.bounds(requests))

    def sizes(self, requests: Requests) -> NDArray[np.int64]:
        """Rows each request sees, shape (n_requests,)."""
        start, stop = self.bounds(requests)
        return stop - start

    def matrix(self, requests: Requests, *, weighted: bool = False) -> sparse.csr_matrix:
        """Sum of weights (or counts) per request and item, shape (n_requests, n_items)."""
        request, row = self.rows(requests)
        values = self.weight[row] if weighted else np.ones(len(row), dtype=np.float32)
        return sparse.coo_matrix(
            (values, (request, self.item[row])), shape=(len(requests), self.n_items)
        ).tocsr()
