"""Mean AUC per user over the items that the user had not interacted with: the masked evaluation.

An area under the ROC curve needs no curve: it is the share of (hidden, other) pairs of items that
the scores put in the right order, ties counted half. That is counted here for all users at once.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.types import Positions, Scores


CELLS = 1 << 19
"""Most scores held at once: 2 MiB of float32, which a cache holds."""

COMPARISONS = 64
"""Most hidden items of a row that are compared with all its scores; with more it is sorted."""

Block: TypeAlias = tuple[Positions, Positions, Scores]
"""Rows of the hidden matrix, item positions (ascending), and scores; ``nan`` is no candidate."""


def user_aucs(blocks: Iterable[Block], hidden: sparse.csr_matrix) -> NDArray[np.float64]:
    """AUC of each row of `hidden` by the scores in `blocks`.

    Parameters
    ----------
    blocks
        As :meth:`onstage.models.core.Core.scored` yields them. Every hidden item must be a
        candidate; candidates are the items that the user has not in training.
    hidden : csr_matrix, shape (n_users, n_items)
        What was hidden, indices sorted.

    Returns
    -------
    ndarray of float64, shape (n_users,)
        In [0, 1]; ``nan`` where nothing is hidden, or where all candidates are.

    Notes
    -----
    For `h` hidden items of a user among `m` candidates, with `a` candidates above and `t` tied
    with each (itself included), ``AUC = 1 - (sum(a + (t - 1) / 2) - h (h - 1) / 2) / (h (m - h))``:
    the pairs of two hidden items are taken off.

    References
    ----------
    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982.
    """
    n_users = hidden.shape[0]
    above = np.zeros(n_users)
    candidates = np.zeros(n_users, dtype=np.int64)
    for rows, items, scores in blocks:
        part = hidden[rows]
        scratch = np.empty((max(1, CELLS // max(1, len(items))), len(items)), dtype=np.bool_)
        column = np.searchsorted(items, part.indices)
        for line, row in enumerate(rows):
            own = column[part.indptr[line] : part.indptr[line + 1]]
            above[row], candidates[row] = _above(scores[line], own, scratch)
    return _area(above, np.diff(hidden.indptr), candidates)


def list_aucs(
    values: NDArray[Any], known: sparse.csr_matrix, hidden: sparse.csr_matrix
) -> NDArray[np.float64]:
    """The same where one list orders the items for everybody, as popularity does.

    Nothing is scored: an item's place among a user's candidates is its place among all items less
    the user's known items before it. Time O(n_pairs log n_pairs).

    Parameters
    ----------
    values : ndarray, shape (n_items,)
        Larger is better.
    known, hidden : csr_matrix, shape (n_users, n_items)
        What is no candidate; what is looked for. They have no pair in common.
    """
    n_items = known.shape[1]
    level = np.unique(values, return_inverse=True)[1]
    ordered = np.sort(level)
    user, had = _row(hidden), _row(known)
    wanted = level[hidden.indices]
    every = n_items - np.searchsorted(ordered, wanted, side="right")
    equal = n_items - every - np.searchsorted(ordered, wanted, side="left")
    width = n_items + 1
    theirs = np.sort(had * width + level[known.indices])
    high = np.searchsorted(theirs, user * width + wanted, side="right")
    low = np.searchsorted(theirs, user * width + wanted, side="left")
    end = known.indptr.astype(np.int64)[user + 1]
    ahead, tied = every - (end - high), equal - (high - low)
    over = ahead + (tied - 1) / 2
    above = np.asarray(np.bincount(user, weights=over, minlength=known.shape[0]), dtype=np.float64)
    return _area(above, np.diff(hidden.indptr), n_items - np.diff(known.indptr))


def factor_blocks(
    user_factors: NDArray[np.float32],
    item_factors: NDArray[np.float32],
    known: sparse.csr_matrix,
    rows: Positions,
    *,
    cells: int = CELLS,
) -> Iterator[Block]:
    """Dot products of factors, `known` pairs left out, block by block.

    Unlike what a model's ``scored`` yields, items without training have whatever score their
    vector gives (0 for ALS), and users without training likewise.
    """
    transposed = np.ascontiguousarray(item_factors.T)
    items = np.arange(known.shape[1])
    step = max(1, cells // max(1, len(items)))
    for low in range(0, len(rows), step):
        some = rows[low : low + step]
        scores = user_factors[some] @ transposed
        mine = known[some]
        scores[_row(mine), mine.indices] = np.nan
        yield some, items, scores


def _above(scores: Scores, own: Positions, scratch: NDArray[np.bool_]) -> tuple[float, int]:
    """Candidates above the hidden ones, tied ones half, summed over them; and all candidates.

    Few are compared with all the others, in rows of `scratch`; many are looked up in the sorted
    scores: what is faster.
    """
    n = len(scores) - int(np.count_nonzero(np.isnan(scores)))
    truth = scores[own]
    if len(own) <= COMPARISONS:
        found = 0
        for low in range(0, len(own), len(scratch)):
            some = truth[low : low + len(scratch), None]
            for compare in (np.greater, np.greater_equal):
                above = compare(scores, some, out=scratch[: len(some)])
                found += int(np.count_nonzero(above))
        return (found - len(own)) / 2, n
    ordered = np.sort(scores)[:n]  # nan last
    upto = np.searchsorted(ordered, truth, side="right")
    below = np.searchsorted(ordered, truth, side="left")
    return float((2 * n - upto - below - 1).sum()) / 2, n


def _area(
    above: NDArray[np.float64], hidden: NDArray[Any], candidates: NDArray[Any]
) -> NDArray[np.float64]:
    pairs = hidden.astype(np.float64) * (candidates - hidden)
    wrong = above - hidden * (hidden - 1) / 2
    undefined = np.full(len(pairs), np.nan)
    return np.asarray(1 - np.divide(wrong, pairs, out=undefined, where=pairs > 0))


def _row(matrix: sparse.csr_matrix) -> Positions:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
