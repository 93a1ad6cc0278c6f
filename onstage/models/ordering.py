"""The order of equal scores, settled once."""

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Scores


def best(scores: Scores, popularity: NDArray[np.float32], k: int) -> Positions:
    """Columns of the `k` largest scores of each row, best first; ``nan`` last.

    Equal scores are ordered by `popularity`, then by column, so that the same input gives the same
    list on every machine.
    """
    k = min(k, scores.shape[1])
    worth = np.where(np.isnan(scores), -np.inf, scores)
    tie = np.argsort(np.argsort(-popularity, kind="stable"), kind="stable")
    if k < scores.shape[1] // 4:
        edge = -np.partition(-worth, k - 1, axis=1)[:, k - 1 : k]
        worth = np.where(worth >= edge, worth, -np.inf)
    order = np.lexsort((np.broadcast_to(tie, worth.shape), -worth), axis=1)
    return np.asarray(order[:, :k], dtype=np.int64)
