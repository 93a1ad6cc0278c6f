"""Reciprocal rank; its mean over events is MRR."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


RECIPROCAL_RANK: Final = Metric(
    key="mrr_at_k",
    name="reciprocal rank; its mean over events is MRR",
    family="relevance",
    formula="1 / r_1 if r_1 is within depth k, else 0",
    divisor="none",
    gain="the first hit alone counts, 1 / place",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source="Voorhees, TREC-8 question answering track, 1999, cut at k",
    beware="without a depth elsewhere: a first hit far down still counts a little there",
)


def reciprocal_rank(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """``1 / rank`` of the best-ranked relevant item, 0 if not within `k`; shape (n_events,)."""
    first = (ranks.order == 1) & ranks.within(k)
    return ranks.total(np.where(first, 1 / ranks.rank, 0.0))
