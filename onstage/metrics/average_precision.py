"""Average precision; its mean over events is MAP."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def average_precision(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Mean precision at the places of the relevant items up to `k`; shape (n_events,), in [0, 1].

    ``sum(j / rank_j) / min(k, n)`` over the relevant items within depth `k`, where ``rank_j`` is
    the ``j``-th smallest rank.
    """
    terms = np.where(ranks.within(k), ranks.order / ranks.rank, 0.0)
    return ranks.total(terms) / np.minimum(k, ranks.n_relevant)
