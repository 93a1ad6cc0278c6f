"""Whether anything relevant was shown."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.metric import ASKED, MEAN_RANK, Metric
from onstage.metrics.ranks import Ranks


HIT_RATE: Final = Metric(
    key="hr_at_k",
    name="hit rate",
    family="relevance",
    formula="1 if there is a hit, else 0",
    divisor="none",
    gain="1 however many hits there are, and wherever they stand within the depth",
    ties=MEAN_RANK,
    empty=ASKED,
    span="0 to 1",
    better="higher",
    source="Deshpande and Karypis, TOIS 2004",
    beware="with one relevant item an event it equals recall; `reward` is another name of hr_at_1",
)


def hit_rate(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """1 where some relevant item is within depth `k`, else 0; shape (n_events,)."""
    return (ranks.hits(k) > 0).astype(np.float64)
