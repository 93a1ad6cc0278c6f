"""What a user had before a request, as sparse rows: all of it, lately, and last."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.data.requests import Requests, ragged
from onstage.features.live.past import Past
from onstage.types import Positions


DAY_HOURS = 24.0
WEEK_HOURS = 168.0
LAST_ROWS = 3


@dataclass(frozen=True, eq=False)
class Profiles:
    """One row a request, CSR of float32, shape (n_requests, n_items), indices sorted.

    Attributes
    ----------
    whole
        1 where the user had the item.
    week, day
        Rows of each item, a row counting half after so long.
    last, last3
        Rows of each item among the newest one, or three, of the user.
    """

    whole: sparse.csr_matrix
    week: sparse.csr_matrix
    day: sparse.csr_matrix
    last: sparse.csr_matrix
    last3: sparse.csr_matrix

    @classmethod
    def of(cls, past: Past, requests: Requests) -> "Profiles":
        """Collect the rows before each request."""
        of, row, newest = _rows(past, requests)
        item = past.item[past.by_user.order[row]]
        hours = (requests.times[of] - past.by_user.time[row]) / past.clock.span(seconds=3600)
        back = newest[of] - row
        shape = (len(requests), past.n_items)

        def summed(weight: NDArray[np.float64]) -> sparse.csr_matrix:
            kept = weight > 0
            values = weight[kept].astype(np.float32)
            return sparse.coo_matrix((values, (of[kept], item[kept])), shape=shape).tocsr()

        return cls(
            whole_profile(past, requests),
            summed(np.exp2(-hours / WEEK_HOURS)),
            summed(np.exp2(-hours / DAY_HOURS)),
            summed((back == 0).astype(np.float64)),
            summed((back < LAST_ROWS).astype(np.float64)),
        )


def whole_profile(past: Past, requests: Requests) -> sparse.csr_matrix:
    """1 where the user had the item before the request, CSR, shape (n_requests, n_items)."""
    of, row, _ = _rows(past, requests)
    values = np.ones(len(of), dtype=np.float32)
    shape = (len(requests), past.n_items)
    item = past.item[past.by_user.order[row]]
    whole = sparse.coo_matrix((values, (of, item)), shape=shape).tocsr()
    whole.data = np.ones_like(whole.data)
    return whole


def _rows(past: Past, requests: Requests) -> tuple[Positions, Positions, Positions]:
    """Each (request, row) visible, and each request's newest row, in the order of ``by_user``."""
    line = past.by_user
    newest = line.before(requests.users, requests.times)
    there = newest >= 0
    first = np.where(there, newest - line.place[np.maximum(newest, 0)], 0)
    of, row = ragged(first, np.where(there, newest + 1, 0))
    return of, row, newest
