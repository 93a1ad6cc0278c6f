"""How much of what is relevant was shown, in both conventions."""

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.ranks import Ranks


def recall(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by all `n` relevant ones; shape (n_events,).

    Cannot reach 1 where ``n > k``.
    """
    return ranks.hits(k) / ranks.n_relevant


def recall_min(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Relevant items within depth `k`, divided by ``min(k, n)``; shape (n_events,).

    The convention of the variational-autoencoder and EASE papers, and of
    ``implicit.evaluation`` (there called ``precision``, and summed before it is divided).
    """
    return ranks.hits(k) / np.minimum(k, ranks.n_relevant)
