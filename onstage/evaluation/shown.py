"""Which items each event's list would show: the set, not the order."""

import numpy as np
from numpy.typing import NDArray

from onstage.models.ordering import best
from onstage.types import Positions, Scores


def shown(scores: Scores, popularity: NDArray[np.float32], k: int) -> tuple[Positions, Positions]:
    """Rows and columns of the `k` best of each row, as :meth:`Recommender.recommend` picks them.

    Fewer where fewer have a score. The order of ties costs sorting, so it is settled only in the
    rows where a tie crosses the end of the list.

    Parameters
    ----------
    scores : ndarray of float32, shape (n, m)
        ``nan`` where a pair is no candidate, ``-inf`` where there is no opinion: not shown.
    popularity : ndarray of float32, shape (m,)
        Settles ties.

    Returns
    -------
    line, column : ndarray of int64, shape (n_shown,)
        In no particular order.
    """
    if scores.shape[1] <= k:
        return np.nonzero(np.isfinite(scores))
    edge = -np.partition(-scores, k - 1, axis=1)[:, k - 1, None]  # nan is last
    kept = scores >= edge
    crossed = np.flatnonzero(np.count_nonzero(kept, axis=1) != k)
    kept[crossed] = False
    line, column = np.divmod(np.flatnonzero(kept), scores.shape[1])
    if len(crossed):
        top = best(scores[crossed], popularity, k)
        line = np.concatenate([line, np.repeat(crossed, k)])
        column = np.concatenate([column, top.ravel()])
    scored = np.isfinite(scores[line, column])
    return line[scored], column[scored]
