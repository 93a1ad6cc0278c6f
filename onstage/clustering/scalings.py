"""The same rows and the same k under every scaling: who decides, and do they agree."""

from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.clustering.config import ClusterConfig
from onstage.clustering.fitting import fitted, silhouette
from onstage.clustering.scaling import Scaling, ScalingName
from onstage.types import Positions


NAMES: Final[tuple[ScalingName, ...]] = get_args(ScalingName)

FIGURES: Final = ("silhouette", "largest")
"""Columns of the comparison that are no features."""

DECIDES: Final = 0.8
"""A feature with a larger share of the variance between clusters decides alone."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One k, every scaling.

    Attributes
    ----------
    spaces : pandas.DataFrame, index ``scaling``
        ``silhouette`` in the scaling's own space (one row far away against all others scores near
        1: see ``largest``), ``largest``: share of rows in the largest cluster, then each feature's
        share of the variance between clusters in that space; shares sum to 1, all 0 for k = 1.
    agreement : pandas.DataFrame, index and columns ``scaling``
        Adjusted Rand index of the labels: 1 is the same clusters, 0 what chance would give.

    References
    ----------
    Hubert and Arabie, "Comparing partitions", Journal of Classification 1985, for the index.
    """

    spaces: pd.DataFrame
    agreement: pd.DataFrame


def compare_scalings(
    features: pd.DataFrame, labels: Positions, config: ClusterConfig, sample: Positions, seed: int
) -> Comparison:
    """Cluster by every scaling with as many clusters as `labels` has.

    Parameters
    ----------
    features
        See :func:`onstage.clustering.kmeans.cluster`.
    labels : ndarray of int64, shape (n_rows,)
        What ``config.scaling`` gave; not done again.
    sample : ndarray of int64
        Rows whose silhouette is computed.
    seed
        Of the starting centres.
    """
    from sklearn.metrics import adjusted_rand_score

    k = len(np.unique(labels))
    made, rows = {}, []
    for name in NAMES:
        points = Scaling.fit(name, features).apply(features)
        own = labels if name == config.scaling else fitted(points, k, config, seed)[0]
        made[name] = own
        score = silhouette(points[sample], own[sample])
        largest = float(np.unique(own, return_counts=True)[1].max() / len(own))
        rows.append([score, largest, *between(points, own)])
    index = pd.Index(NAMES, name="scaling")
    agreement = [[float(adjusted_rand_score(made[a], made[b])) for b in NAMES] for a in NAMES]
    return Comparison(
        pd.DataFrame(rows, index=index, columns=[*FIGURES, *map(str, features.columns)]),
        pd.DataFrame(agreement, index=index, columns=list(NAMES)),
    )


def between(points: NDArray[np.float64], labels: Positions) -> NDArray[np.float64]:
    """Each column's share of the variance between clusters, shape (n_columns,); 0 if none is."""
    _, dense, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), points.shape[1]))
    np.add.at(sums, dense, points)
    squares = (sizes[:, None] * (sums / sizes[:, None] - points.mean(axis=0)) ** 2).sum(axis=0)
    whole = squares.sum()
    return np.asarray(squares / whole if whole > 0 else np.zeros_like(squares))


def dominance(spaces: pd.DataFrame, scaling: str) -> str:
    """Say which feature has the largest share of the variance between clusters, and how large."""
    table = spaces.drop(columns=list(FIGURES))
    shares = table.to_numpy(dtype=np.float64)[table.index.get_loc(scaling)]
    if not shares.any():
        return f"scaled by {scaling}, no feature separates anything"
    feature, share = str(table.columns[int(shares.argmax())]).replace("_", " "), float(shares.max())
    said = f"scaled by {scaling}, {feature} has {share:.0%} of the variance between clusters"
    if share <= DECIDES or len(shares) == 1:
        return f"{said}, the largest share of {len(shares)} features"
    return f"{said}: it decides alone" + ("; scale by log" if scaling != "log" else "")
