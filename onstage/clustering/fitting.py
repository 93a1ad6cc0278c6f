"""KMeans and the silhouette, as scikit-learn computes them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.clustering.config import ClusterConfig
from onstage.types import Positions


STARTS: Final = 10
"""Times that KMeans starts anew; the best is kept."""
MINI_RUNS: Final = 5
"""Times that mini-batch KMeans runs; all rows are then clustered from the best one's centres."""
MINI_STARTS: Final = 3
"""Starts that each of those runs chooses from."""
NEARLY: Final = 1.01
"""A clustering from the last one's centres is kept if its inertia is at most this times the best:
among equally good ones, the one that changes least."""
BATCH: Final = 4_096
"""Rows of a mini-batch."""


def method(n_rows: int, config: ClusterConfig) -> str:
    """Say which algorithm so many rows get."""
    if n_rows > config.mini_batch_above:
        return (
            f"mini-batch KMeans (batches of {BATCH:,}, best of {MINI_RUNS} runs, finished on all "
            f"rows): {n_rows:,} rows are more than {config.mini_batch_above:,}"
        )
    return f"KMeans on all {n_rows:,} rows (best of {STARTS} starts)"


def fitted(
    points: NDArray[np.float64], k: int, config: ClusterConfig, seed: int
) -> tuple[Positions, float]:
    """Labels from 0 and inertia of `k` clusters; never more clusters than distinct rows.

    Mini-batches alone stop up to a tenth above the inertia of all rows, and not at the same place
    from seed to seed: so they only find where to start from.

    References
    ----------
    Sculley, "Web-Scale K-Means Clustering", WWW 2010, for the mini-batches.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if len(points) <= config.mini_batch_above:
        made = KMeans(k, random_state=seed, n_init=STARTS).fit(points)
        return np.asarray(made.labels_, dtype=np.int64), float(made.inertia_)
    runs = [
        MiniBatchKMeans(
            k, random_state=seed + run, n_init=MINI_STARTS, batch_size=BATCH, max_iter=50
        ).fit(points)
        for run in range(MINI_RUNS)
    ]
    return refitted(points, min(runs, key=lambda run: float(run.inertia_)).cluster_centers_)


def refitted(points: NDArray[np.float64], centres: NDArray[np.float64]) -> tuple[Positions, float]:
    """Labels and inertia from one start: the centres of another clustering, shape (k, n)."""
    from sklearn.cluster import KMeans

    made = KMeans(len(centres), init=centres, n_init=1, random_state=0).fit(points)
    return np.asarray(made.labels_, dtype=np.int64), float(made.inertia_)


def silhouette(points: NDArray[np.float64], labels: Positions) -> float:
    """Mean silhouette in [-1, 1]; ``nan`` for one cluster, or as many as points."""
    from sklearn.metrics import silhouette_score

    found = len(np.unique(labels))
    return float(silhouette_score(points, labels)) if 1 < found < len(points) else float("nan")
