"""Normalised discounted cumulative gain, binary."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def ndcg(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Sum of ``1 / log2(rank + 1)`` over relevant items within depth `k`, over the best sum.

    The best sum has ``min(k, n)`` relevant items at places 1, 2, …; shape (n_events,), in [0, 1].

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with
    the discount ``log2(rank + 1)`` of Burges et al., ICML 2005.
    """
    gains = np.where(ranks.within(k), 1 / np.log2(ranks.rank + 1), 0.0)
    best = np.cumsum(1 / np.log2(np.arange(1, k + 1) + 1))
    ideal = best[np.minimum(k, ranks.n_relevant) - 1]
    return np.asarray(ranks.total(gains) / ideal, dtype=np.float64)
