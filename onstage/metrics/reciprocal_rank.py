"""Reciprocal rank; its mean over events is MRR."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def reciprocal_rank(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """``1 / rank`` of the best-ranked relevant item, 0 if not within `k`; shape (n_events,)."""
    first = (ranks.order == 1) & ranks.within(k)
    return ranks.total(np.where(first, 1 / ranks.rank, 0.0))
