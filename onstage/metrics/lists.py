"""Metrics of recommended lists, whatever happened next: coverage and novelty."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.types import Positions


def new_items(event: Positions, item: Positions, n_events: int) -> NDArray[np.int64]:
    """Items in each event's list that are in no earlier event's list, shape (n_events,).

    Summed over events and divided by the size of the catalogue, that is coverage.

    Parameters
    ----------
    event, item : ndarray of int64, shape (n_recommended,)
        Event numbers and item positions, in any order.
    """
    order = np.argsort(event, kind="stable")
    _, first = np.unique(item[order], return_index=True)
    return np.bincount(event[order][first], minlength=n_events)


def self_information(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """Bits of surprise in each item: ``-log2((users + 1) / (all users + 1))``; shape (n_items,).

    Parameters
    ----------
    counts : csr_matrix, shape (n_users, n_items)
        Training interactions. One more user, who had everything, keeps unseen items finite.

    References
    ----------
    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS
    2010, equation for the self-information of an item.
    """
    users = np.bincount(counts.indices, minlength=counts.shape[1])
    active = int((np.diff(counts.indptr) > 0).sum())
    return np.asarray(-np.log2((users + 1) / (active + 1)), dtype=np.float64)


def mean_per_event(
    event: Positions, values: NDArray[np.float64], n_events: int
) -> NDArray[np.float64]:
    """Mean of `values` over each event's list, shape (n_events,); ``nan`` for an empty list."""
    sizes = np.bincount(event, minlength=n_events).astype(np.float64)
    sums = np.bincount(event, weights=values, minlength=n_events)
    means = np.full(n_events, np.nan)
    np.divide(sums, sizes, out=means, where=sizes > 0)
    return means
