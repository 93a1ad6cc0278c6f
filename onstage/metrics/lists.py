"""What recommended lists are, whatever happened next: lists as two arrays, and their means."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.types import Positions


def mean_per_event(
    event: Positions, values: NDArray[np.float64], n_events: int
) -> NDArray[np.float64]:
    """Mean of `values` over each event's list, shape (n_events,); ``nan`` for an empty list."""
    sizes = np.bincount(event, minlength=n_events).astype(np.float64)
    sums = np.bincount(event, weights=values, minlength=n_events)
    means = np.full(n_events, np.nan)
    np.divide(sums, sizes, out=means, where=sizes > 0)
    return means


def audience_sizes(counts: sparse.csr_matrix) -> tuple[NDArray[np.int64], int]:
    """Users who had each item in training, shape (n_items,), and users who had anything.

    Parameters
    ----------
    counts : csr_matrix, shape (n_users, n_items)
        Training interactions, no zero stored.
    """
    users = np.bincount(counts.indices, minlength=counts.shape[1])
    return users, int((np.diff(counts.indptr) > 0).sum())
