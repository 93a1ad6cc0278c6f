"""How like the user those are who came to watch each candidate lately."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.data.requests import ragged
from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns
from onstage.features.live.past import Past
from onstage.types import Positions


WINDOW_HOURS = 24.0
HALF_LIFE_HOURS = 6.0

MOST_ROWS = 64
"""Newest rows of an item that make its audience."""


def audience_features(asked: Asked, past: Past, users: NDArray[np.float32]) -> Columns:
    """Cosine of the user to those who began to watch each candidate in the last day.

    A row counts half after six hours. The asking user is no part of the audience.

    Parameters
    ----------
    users : ndarray of float32, shape (n_users, n_dimensions)
        Vectors of length 1, or 0 where nothing is known.

    Returns
    -------
    Columns
        ``audience_like``, the mean, ``nan`` without an audience; ``audience_like_sum``, the sum.
    """
    item, time, number = asked.moments
    of, watching, weight = _audience(past, item, time)
    shape = (len(item), past.n_users)
    crowd = sparse.coo_matrix((weight, (of, watching)), shape=shape).tocsr()
    crowd.sort_indices()
    centre, total = crowd @ users, np.asarray(crowd.sum(axis=1)).ravel()[number]
    asking = asked.user
    own = _entries(crowd, number, asking)
    known = np.einsum("ij,ij->i", users, users)[asking]
    likeness = np.einsum("ij,ij->i", centre[number], users[asking]) - own * known
    others = total - own
    some = others > np.finfo(np.float32).eps * total
    mean = np.full(len(asked), np.nan, dtype=np.float32)
    mean[some] = likeness[some] / others[some]
    return {
        "audience_like": mean,
        "audience_like_sum": np.where(some, likeness, 0).astype(np.float32),
    }


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows at length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), dtype=np.float32)


def _audience(
    past: Past, item: Positions, time: NDArray[np.int64]
) -> tuple[Positions, Positions, NDArray[np.float32]]:
    """Every (moment, user, weight) of a row that began in the window before the moment."""
    line = past.by_item
    last = line.before(item, time)
    early = line.before(item, time - int(past.clock.span(seconds=3600 * WINDOW_HOURS)))
    first = np.where(early >= 0, early + 1, last - line.place[np.maximum(last, 0)])
    first = np.maximum(first, last - MOST_ROWS + 1)
    of, row = ragged(np.maximum(first, 0), last + 1)
    half = past.clock.span(seconds=3600 * HALF_LIFE_HOURS)
    weight = np.exp2(-(time[of] - line.time[row]) / half)
    return of, past.user[line.order[row]], weight.astype(np.float32)


def _entries(matrix: sparse.csr_matrix, row: Positions, column: Positions) -> NDArray[np.float32]:
    """Entries of a matrix with sorted indices, 0 where there is none, shape (n,)."""
    if matrix.nnz == 0:
        return np.zeros(len(row), dtype=np.float32)
    of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    keys, wanted = of * matrix.shape[1] + matrix.indices, row * matrix.shape[1] + column
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, matrix.data[place], np.float32(0))
