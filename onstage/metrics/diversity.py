"""How different the items of one list are from each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.metrics.metric import SHOWN, Metric
from onstage.types import Positions


DIVERSITY_METRIC: Final = Metric(
    key="diversity_at_10",
    name="diversity within a list",
    family="lists",
    formula="mean over pairs of shown items of 1 - cosine of their training audiences",
    divisor="pairs of shown items, m (m - 1) / 2 of a list of m",
    gain=(
        "cosine of two sets of users: shared / sqrt(users of one x users of the other); an item "
        "without a training row shares nobody, so its distance to every other item is 1"
    ),
    ties=SHOWN,
    empty="nan for a list of fewer than two items and outside the group all",
    span="0 to 1",
    better="higher",
    source="Ziegler et al., WWW 2005 (intra-list similarity), averaged; Smyth and McClave 2001",
    beware="by audience, not by content: what different people watch is different",
)

CELLS: Final = 1 << 22
"""Most numbers in one array: 32 MiB."""


def intra_list_distance(
    event: Positions, item: Positions, n_events: int, audiences: sparse.csr_matrix
) -> NDArray[np.float64]:
    """Mean distance of the pairs in each event's list, shape (n_events,).

    Parameters
    ----------
    event, item : ndarray of int64, shape (n_recommended,)
        Event numbers and item positions, in any order, each item once a list.
    audiences : csr_matrix of float64, shape (n_items, n_users)
        Rows of length 1, or empty (:attr:`onstage.data.dataset.Dataset.audiences`).

    Returns
    -------
    ndarray of float64, shape (n_events,)
        In [0, 1]; ``nan`` for lists of fewer than two items.

    Notes
    -----
    Sum of a list's cosines, from whichever is cheaper: the length of the sum of its audiences, or
    the matrix of cosines of all items shown, some rows at a time. Both are exact, in memory
    bounded by a few times :data:`CELLS`.
    """
    order = np.argsort(event, kind="stable")
    event, item = event[order], item[order]
    sizes = np.bincount(event, minlength=n_events)
    mask = np.bincount(item, minlength=audiences.shape[0]) > 0
    shown, number = np.flatnonzero(mask), (np.cumsum(mask) - 1)[item]
    rows = audiences[shown]
    lengths = np.diff(rows.indptr)
    busy = np.bincount(rows.indices, minlength=rows.shape[1]).astype(np.float64)
    direct = float(lengths[number].sum())
    by_pairs = float((busy**2).sum()) + len(shown) ** 2 / 8 + len(item) * sizes.max(initial=0) / 2
    total = _by_sums if direct <= by_pairs else _by_pairs
    similar = total(event, number, sizes, rows) - np.bincount(
        event, weights=(lengths[number] > 0).astype(np.float64), minlength=n_events
    )
    pairs = sizes * (sizes - 1.0)
    means = np.full(n_events, np.nan)
    np.divide(similar, pairs, out=means, where=pairs > 0)
    return np.asarray(np.clip(1 - means, 0.0, 1.0), dtype=np.float64)


def _by_sums(
    event: Positions, number: Positions, sizes: Positions, rows: sparse.csr_matrix
) -> NDArray[np.float64]:
    """Squared length of the sum of each list's rows: the sum of all its cosines, own included."""
    cost = np.cumsum(np.bincount(event, np.diff(rows.indptr)[number], minlength=len(sizes)))
    indptr = np.concatenate(([0], np.cumsum(sizes)))
    found = np.zeros(len(sizes))
    low = 0
    while low < len(sizes):
        spent = cost[low - 1] if low else 0.0
        high = max(low + 1, int(np.searchsorted(cost, spent + CELLS, side="right")))
        mine = number[indptr[low] : indptr[high]]
        lists = sparse.csr_matrix(
            (np.ones(len(mine)), mine, indptr[low : high + 1] - indptr[low]),
            shape=(high - low, rows.shape[0]),
        )
        sums = lists @ rows
        line = np.repeat(np.arange(high - low), np.diff(sums.indptr))
        found[low:high] = np.bincount(line, weights=sums.data**2, minlength=high - low)
        low = high
    return found


def _by_pairs(
    event: Positions, number: Positions, sizes: Positions, rows: sparse.csr_matrix
) -> NDArray[np.float64]:
    """The same from cosines of pairs, looked up in some rows of their matrix at a time."""
    n_shown, longest = rows.shape[0], int(sizes.max())
    place = np.arange(len(event)) - (np.cumsum(sizes) - sizes)[event]
    lists = np.full((len(sizes), longest), n_shown, dtype=np.int32)  # padding: cosine 0
    lists[event, place] = number
    by_item = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[by_item], np.arange(n_shown + 1))
    across = rows.T.tocsr()
    found = np.zeros(len(sizes))
    step = max(1, CELLS // (n_shown + 1))
    for low in range(0, n_shown, step):
        high = min(low + step, n_shown)
        cosines = np.zeros((high - low, n_shown + 1))
        cosines[:, :-1] = (rows[low:high] @ across).toarray()
        for first in range(starts[low], starts[high], CELLS // longest):
            some = by_item[first : min(first + CELLS // longest, starts[high])]
            of = event[some]
            sums = cosines[(number[some] - low)[:, None], lists[of]].sum(axis=1)
            found += np.bincount(of, weights=sums, minlength=len(sizes))
    return found
