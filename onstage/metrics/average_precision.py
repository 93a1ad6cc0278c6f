"""Average precision; its mean over events is MAP."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


AVERAGE_PRECISION: Final = Metric(
    key="map_at_k",
    name="average precision; its mean over events is MAP",
    family="relevance",
    formula="sum over hits of j / r_j, over min(k, n)",
    divisor="min(k, n): a perfect list has 1",
    gain="a hit counts the precision at its place",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source="Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, 8.4, cut",
    beware="ranx, TREC and rs_metrics divide by n also where n > k; others by the number of hits",
)


def average_precision(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Mean precision at the places of the relevant items up to `k`; shape (n_events,), in [0, 1].

    ``sum(j / rank_j) / min(k, n)`` over the relevant items within depth `k`, where ``rank_j`` is
    the ``j``-th smallest rank.
    """
    terms = np.where(ranks.within(k), ranks.order / ranks.rank, 0.0)
    return ranks.total(terms) / np.minimum(k, ranks.n_relevant)
