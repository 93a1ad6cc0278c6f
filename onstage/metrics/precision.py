"""How much of what was shown is relevant."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def precision(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by `k`; shape (n_events,).

    Divided by `k` also where there are fewer candidates.
    """
    return ranks.hits(k) / k
