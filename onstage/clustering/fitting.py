"""KMeans and the silhouette, as scikit-learn computes them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.clustering.config import ClusterConfig
from onstage.types import Positions


STARTS: Final = 10
"""Times that KMeans starts anew; the best is kept."""
MINI_STARTS: Final = 5
"""Starts that mini-batch KMeans chooses the best of."""
NEARLY: Final = 1.01
"""A clustering from the last one's centres is kept if its inertia is at most this times the best:
among equally good ones, the one that changes least."""
BATCH: Final = 4_096
"""Rows of a mini-batch."""


def method(n_rows: int, config: ClusterConfig) -> str:
    """Say which algorithm so many rows get."""
    if n_rows > config.mini_batch_above:
        return (
            f"mini-batch KMeans (batches of {BATCH:,}, best of {MINI_STARTS} starts): "
            f"{n_rows:,} rows are more than {config.mini_batch_above:,}"
        )
    return f"KMeans on all {n_rows:,} rows (best of {STARTS} starts)"


def fitted(
    points: NDArray[np.float64], k: int, config: ClusterConfig, seed: int
) -> tuple[Positions, float]:
    """Labels from 0 and inertia of `k` clusters; never more clusters than distinct rows."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if len(points) > config.mini_batch_above:
        model = MiniBatchKMeans(
            k, random_state=seed, n_init=MINI_STARTS, batch_size=BATCH, max_iter=50
        )
    else:
        model = KMeans(k, random_state=seed, n_init=STARTS)
    made = model.fit(points)
    return np.asarray(made.labels_, dtype=np.int64), float(made.inertia_)


def refitted(
    points: NDArray[np.float64], centres: NDArray[np.float64], config: ClusterConfig
) -> tuple[Positions, float]:
    """Labels and inertia from one start: the centres of an earlier clustering, shape (k, n)."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    k = len(centres)
    if len(points) > config.mini_batch_above:
        model = MiniBatchKMeans(
            k, init=centres, n_init=1, random_state=0, batch_size=BATCH, max_iter=50
        )
    else:
        model = KMeans(k, init=centres, n_init=1, random_state=0)
    made = model.fit(points)
    return np.asarray(made.labels_, dtype=np.int64), float(made.inertia_)


def silhouette(points: NDArray[np.float64], labels: Positions) -> float:
    """Mean silhouette in [-1, 1]; ``nan`` for one cluster, or as many as points."""
    from sklearn.metrics import silhouette_score

    found = len(np.unique(labels))
    return float(silhouette_score(points, labels)) if 1 < found < len(points) else float("nan")
