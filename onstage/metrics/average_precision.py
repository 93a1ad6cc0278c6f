"""Average precision; its mean over events is MAP."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def average_precision(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Mean precision at the places of the relevant items up to `k`; shape (n_events,), in [0, 1].

    ``sum(j / rank_j for rank_j <= k) / min(k, n)``, where ``rank_j`` is the ``j``-th smallest.
    """
    terms = np.where(ranks.rank <= k, ranks.order / ranks.rank, 0.0)
    return ranks.total(terms) / np.minimum(k, ranks.n_relevant)
