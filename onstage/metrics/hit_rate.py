"""Whether anything relevant was shown."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def hit_rate(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """1 where some relevant item is within depth `k`, else 0; shape (n_events,)."""
    return (ranks.hits(k) > 0).astype(np.float64)
