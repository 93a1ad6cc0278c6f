"""How much of what was shown is relevant."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


PRECISION: Final = Metric(
    key="precision_at_k",
    name="precision",
    family="relevance",
    formula="hits / k",
    divisor="k, also where there are fewer than k candidates or fewer items are shown",
    gain="1 for a hit, whatever its place within the depth",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to min(k, n) / k",
    better="higher",
    source="Baeza-Yates and Ribeiro-Neto, Modern Information Retrieval, 1999; ranx, TREC",
    beware="rs_metrics divides by the length of the list; implicit.evaluation's is a recall",
)


def precision(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by `k`; shape (n_events,).

    Divided by `k` also where there are fewer candidates.
    """
    return ranks.hits(k) / k
