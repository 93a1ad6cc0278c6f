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
    popularity : ndarray of float32, shape (m,) or (n, m)
        Settles ties.

    Returns
    -------
    line, column : ndarray of int64, shape (n_shown,)
        In no particular order.
    """
    if scores.shape[1] <= k:
        line, column = np.nonzero(np.isfinite(scores))
        return line, column
    edge = -np.partition(-scores, k - 1, axis=1)[:, k - 1, None]  # nan is last
    line, column = np.divmod(np.flatnonzero(scores >= edge), scores.shape[1])
    sizes = np.bincount(line, minlength=len(scores))
    crossed = np.flatnonzero(sizes != k)
    if len(crossed):
        whole = sizes[line] == k
        line, column = line[whole], column[whole]
        shared = popularity.ndim == 1
        worth = popularity if shared else popularity[crossed]
        top = (best if shared else _best_of_own)(scores[crossed], worth, k)
        line = np.concatenate([line, np.repeat(crossed, k)])
        column = np.concatenate([column, top.ravel()])
    scored = np.isfinite(scores[line, column])
    return line[scored], column[scored]


def _best_of_own(scores: Scores, popularity: NDArray[np.float32], k: int) -> Positions:
    """As :func:`best`, with each row's own popularity: for rows that are short."""
    order = np.argsort(-popularity, axis=1, kind="stable")
    worth = np.where(np.isnan(scores), -np.inf, scores)
    worth = np.take_along_axis(worth, order, axis=1)
    top = np.argsort(-worth, axis=1, kind="stable")[:, :k]
    return np.asarray(np.take_along_axis(order, top, axis=1), dtype=np.int64)
