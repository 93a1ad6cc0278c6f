"""Normalised discounted cumulative gain, binary."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


NDCG: Final = Metric(
    key="ndcg_at_k",
    name="normalised discounted cumulative gain, binary",
    family="relevance",
    formula="sum over hits of 1 / log2(r_j + 1), over the same for places 1 to min(k, n)",
    divisor="the best that a list of k can reach with n relevant items: a perfect list has 1",
    gain="gain 1 (binary: linear and exponential gain agree), discount 1 / log2(place + 1)",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source="Järvelin and Kekäläinen, TOIS 2002; discount of Burges et al., ICML 2005",
    beware=(
        "Järvelin's own discount leaves the first places undiscounted; some codes use the natural "
        "logarithm in one of the two sums, or an ideal of k items whatever n is; scikit-learn "
        "averages the gain of ties instead of their places"
    ),
)


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
