"""The order of equal scores, settled once."""

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Scores


def best(
    scores: Scores | NDArray[np.float64], popularity: NDArray[np.float32], k: int
) -> Positions:
    """Columns of the `k` largest scores of each row, best first; ``nan`` counts as ``-inf``.

    Equal scores are ordered by `popularity`, then by column, so that the same input gives the same
    list on every machine.

    Parameters
    ----------
    scores : ndarray of float32 or float64, shape (n, m)
    popularity : ndarray of float32, shape (m,) or (n, m)
        Of the columns, or of the columns of each row.

    Notes
    -----
    One partition of each row and one sort of its best `k`; ties are looked at only where one
    crosses the end of the list.
    """
    k = min(k, scores.shape[1])
    worth = np.where(np.isnan(scores), -np.inf, scores)
    place = _largest(worth, popularity, k)
    line = np.arange(len(scores))[:, None]
    known = popularity[place] if popularity.ndim == 1 else popularity[line, place]
    order = np.lexsort((place, -known, -worth[line, place]), axis=1)
    return np.asarray(np.take_along_axis(place, order, axis=1), dtype=np.int64)


def _largest(worth: Scores, popularity: NDArray[np.float32], k: int) -> Positions:
    """Columns of the `k` largest of each row, ascending."""
    n, m = worth.shape
    if k in {0, m}:
        return np.broadcast_to(np.arange(k), (n, k))
    edge = np.partition(worth, m - k, axis=1)[:, m - k, None]
    keep = worth >= edge
    crossed = np.flatnonzero(np.count_nonzero(keep, axis=1) > k)
    if len(crossed):
        own = popularity if popularity.ndim == 1 else popularity[crossed]
        keep[crossed] = _settled(worth[crossed], edge[crossed], own, k)
    return np.asarray(np.flatnonzero(keep) % m, dtype=np.int64).reshape(n, k)


def _settled(
    worth: Scores, edge: Scores, popularity: NDArray[np.float32], k: int
) -> NDArray[np.bool_]:
    """Mark all above the edge, and of those on it the most popular that there is room for."""
    above, equal = worth > edge, worth == edge
    room = k - np.count_nonzero(above, axis=1)[:, None]
    order = np.broadcast_to(np.argsort(-popularity, axis=-1, kind="stable"), worth.shape)
    ahead = np.cumsum(np.take_along_axis(equal, order, axis=1), axis=1, dtype=np.int32)
    place = np.empty_like(ahead)
    np.put_along_axis(place, order, ahead, axis=1)
    return np.asarray(above | (equal & (place <= room)))
