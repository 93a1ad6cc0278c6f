"""The order of equal scores, settled once."""

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Scores


def best(scores: Scores, popularity: NDArray[np.float32], k: int) -> Positions:
    """Columns of the `k` largest scores of each row, best first; ``nan`` last.

    Equal scores are ordered by `popularity`, then by column, so that the same input gives the same
    list on every machine.

    Notes
    -----
    One partition of each row and one sort of its best `k`.
    """
    k = min(k, scores.shape[1])
    columns = np.argsort(-popularity, kind="stable")
    worth = np.where(np.isnan(scores), -np.inf, scores)[:, columns]
    if k == 0:
        return np.empty((len(scores), 0), dtype=np.int64)
    place = _largest(worth, k)
    order = np.argsort(-np.take_along_axis(worth, place, axis=1), axis=1, kind="stable")
    return np.asarray(columns[np.take_along_axis(place, order, axis=1)], dtype=np.int64)


def _largest(worth: Scores, k: int) -> Positions:
    """Places of the `k` largest of each row, ascending; of equal ones the first."""
    n, m = worth.shape
    if k == m:
        return np.broadcast_to(np.arange(m), (n, m))
    edge = np.partition(worth, m - k, axis=1)[:, m - k, None]
    above, equal = worth > edge, worth == edge
    room = k - above.sum(axis=1, keepdims=True)
    keep = above | (equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room))
    return np.nonzero(keep)[1].reshape(n, k)
