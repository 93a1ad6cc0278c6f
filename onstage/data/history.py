"""What each user did before an instant, for a batch of requests at once."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests, ragged
from onstage.types import Positions, Ticks


class History:
    """A dataset's rows grouped by user and sorted by time within each.

    Parameters
    ----------
    dataset
        May hold rows later than a request: a request at ``t`` only ever sees rows with
        ``time < t``.

    Notes
    -----
    Building sorts once, O(n log n). A batch of requests costs two binary searches a request plus
    the rows it sees.
    """

    def __init__(self, dataset: Dataset) -> None:
        order = np.lexsort((dataset.time, dataset.user))
        self.n_items = dataset.n_items
        self.user: Positions = dataset.user[order]
        self.item: Positions = dataset.item[order]
        self.time: Ticks = dataset.time[order]
        self.weight: NDArray[np.float32] = dataset.weight[order]
        self.ends: Ticks | None = None if dataset.ends is None else dataset.ends[order]
        self._first = np.concatenate(([0], np.cumsum(dataset.user_counts)))
        self._instants = np.unique(dataset.time)
        self._key = dataset.user[order] * self._span + np.searchsorted(self._instants, self.time)

    @property
    def _span(self) -> int:
        return len(self._instants) + 1

    def bounds(self, requests: Requests) -> tuple[Positions, Positions]:
        """Half-open row ranges of what each request may see; empty for unknown users."""
        known = requests.users >= 0
        user = np.where(known, requests.users, 0)
        start = np.where(known, self._first[user], 0)
        offset = np.searchsorted(self._instants, requests.times, side="left")
        stop = np.searchsorted(self._key, user * self._span + offset, side="left")
        return start, np.where(known, np.maximum(stop, start), start)

    def of_users(self, users: Positions) -> tuple[Positions, Positions]:
        """Half-open row ranges of everything there is of each user, later rows too."""
        return self._first[users], self._first[users + 1]

    @cached_property
    def _first_visits(self) -> tuple[Positions, Ticks]:
        """Every (user, item) pair as one number, ascending, and the time of its first row."""
        pairs, first = np.unique(self.user * self.n_items + self.item, return_index=True)
        return pairs, self.time[first]

    def had(self, users: Positions, items: Positions, times: Ticks) -> NDArray[np.bool_]:
        """Whether each user has a row of each item with ``time < t``, shape (n_pairs,)."""
        pairs, began = self._first_visits
        if len(pairs) == 0:
            return np.zeros(len(users), dtype=np.bool_)
        wanted = users * self.n_items + items
        place = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        return np.asarray((users >= 0) & (pairs[place] == wanted) & (began[place] < times))

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
