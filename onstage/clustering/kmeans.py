"""KMeans over a table of behaviour, with the evidence for its k and readable profiles."""

import logging
import os
import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from onstage.clustering.choice import choose_k
from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.scaling import Scaling
from onstage.columns import Columns
from onstage.contracts import kind_of
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, ContractError
from onstage.features.behaviour import item_features, user_features
from onstage.seeds import generator, integer


logger = logging.getLogger(__name__)


def cluster_dataset(
    dataset: Dataset, config: ClusterConfig, relations: pd.DataFrame | None = None
) -> dict[str, Clusters]:
    """Cluster the users and the items of a dataset, as configured.

    Returns
    -------
    dict
        ``"users"`` and ``"items"``, each only if switched on. A generator of their own makes
        each independent of whether the other is made.
    """
    made: dict[str, Clusters] = {}
    if config.users:
        table = _selected(user_features(dataset, relations), config.user_columns, "users")
        made["users"] = cluster(table, config, generator(config.seed, "cluster", "users"))
    if config.items:
        table = _selected(item_features(dataset, relations), config.item_columns, "items")
        made["items"] = cluster(table, config, generator(config.seed, "cluster", "items"))
    return made


def cluster(
    features: pd.DataFrame, config: ClusterConfig, rng: np.random.Generator | None = None
) -> Clusters:
    """Group rows that behave alike.

    Parameters
    ----------
    features : pandas.DataFrame of numbers, index: ids
        Not modified. All columns are used.
    config
        Its ``users``, ``items`` and ``*_columns`` are for :func:`cluster_dataset`.
    rng
        By default made from ``config.seed``. The same rows, config and generator state give the
        same numbers: BLAS and OpenMP run on one thread meanwhile.

    Returns
    -------
    Clusters
        With k = 1 when all rows are equal and k is not configured. Never more clusters than
        distinct rows.

    Raises
    ------
    ContractError
        No rows, no columns, a column that is not numeric or holds missing or infinite values.
    ConfigError
        ``config.k`` is larger than the number of distinct rows.

    Notes
    -----
    O(k_max * n_rows * n_columns) an iteration; memory O(n_rows * n_columns + sample**2).
    """
    _check(features)
    rng = generator(config.seed, "cluster") if rng is None else rng
    scaling = Scaling.fit(config.scaling, features)
    points = scaling.apply(features)
    ks = _ks(points, config)
    with threadpool_limits(limits=1):
        fits, elbow = _elbow(points, ks, config, rng)
    k, reason = choose_k(elbow)
    if config.k is not None:
        reason = f"k = {config.k}: configured"
    labels = _by_size(points, fits[k])
    logger.info("%d rows in %d clusters (%s)", len(points), labels.max(), reason)
    return _describe(features, points, labels, scaling, (elbow, reason))


def _selected(table: pd.DataFrame, columns: tuple[str, ...] | None, kind: str) -> pd.DataFrame:
    if columns is None:
        return table
    missing = [c for c in columns if c not in table.columns]
    if missing:
        message = f"{kind}: no feature {missing[0]!r}; choose from {list(table.columns)}"
        raise ConfigError(message)
    return table[list(columns)]


def _check(features: pd.DataFrame) -> None:
    if features.empty:
        rows, columns = features.shape
        message = f"features: {rows} rows and {columns} columns, clusters need one of each"
        raise ContractError(message)
    for column in features.columns:
        if kind_of(features[column]) not in "iufb":
            message = f"features.{column}: dtype {features[column].dtype}, expected numbers"
            raise ContractError(message)
    wrong = ~np.isfinite(features.to_numpy(dtype=np.float64))
    if wrong.any():
        column = features.columns[int(wrong.any(axis=0).argmax())]
        message = f"features.{column}: {int(wrong.sum(axis=0).max())} missing or infinite values"
        raise ContractError(message)


def _ks(points: NDArray[np.float64], config: ClusterConfig) -> list[int]:
    distinct = len(np.unique(points, axis=0))
    if config.k is None:
        return list(range(1, min(config.k_max, distinct) + 1))
    if config.k > distinct:
        message = f"k = {config.k}, but only {distinct} rows differ; lower k or leave it out"
        raise ConfigError(message)
    return [config.k]


def _elbow(
    points: NDArray[np.float64], ks: list[int], config: ClusterConfig, rng: np.random.Generator
) -> tuple[dict[int, NDArray[np.int64]], pd.DataFrame]:
    """Labels and quality for every k."""
    size = min(config.silhouette_sample, len(points))
    sample = np.sort(rng.choice(len(points), size=size, replace=False))
    seed = integer(rng)
    labels: dict[int, NDArray[np.int64]] = {}
    rows = []
    for k in tqdm(ks, desc="clusters", unit="k", disable=_quiet()):
        model = _kmeans(k, seed, mini=len(points) > config.mini_batch_above).fit(points)
        labels[k] = np.asarray(model.labels_, dtype=np.int64)
        rows.append((k, float(model.inertia_), _silhouette(points[sample], labels[k][sample])))
    return labels, pd.DataFrame(rows, columns=["k", "inertia", "silhouette"])


def _kmeans(k: int, seed: int, *, mini: bool) -> Any:  # noqa: ANN401  # scikit-learn has no types
    from sklearn.cluster import KMeans, MiniBatchKMeans

    if mini:
        return MiniBatchKMeans(k, random_state=seed, n_init=5, batch_size=4096, max_iter=50)
    return KMeans(k, random_state=seed, n_init=10)


def _silhouette(points: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    from sklearn.metrics import silhouette_score

    found = len(np.unique(labels))
    return float(silhouette_score(points, labels)) if 1 < found < len(points) else float("nan")


def _by_size(points: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number from 1, largest first; equal sizes by the smaller centre, column by column."""
    _, dense, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    centres = pd.DataFrame(points).groupby(dense).mean().to_numpy()
    keys = (*(centres[:, c] for c in range(centres.shape[1] - 1, -1, -1)), -sizes)
    number = np.empty(len(sizes), dtype=np.int64)
    number[np.lexsort(keys)] = np.arange(1, len(sizes) + 1)
    return number[dense]


def _describe(
    features: pd.DataFrame,
    points: NDArray[np.float64],
    labels: NDArray[np.int64],
    scaling: Scaling,
    evidence: tuple[pd.DataFrame, str],
) -> Clusters:
    names = features.columns
    of = pd.Series(labels, index=features.index, name=Columns.CLUSTER)
    means = pd.DataFrame(points, columns=names).groupby(labels).mean()
    means.index.name = Columns.CLUSTER
    spread = points.std(axis=0)
    spread[np.ptp(points, axis=0) == 0] = 1.0
    sizes = of.value_counts().sort_index()
    profile = pd.DataFrame({"size": sizes, "share": sizes / len(of)})
    medians = features.astype(np.float64).groupby(labels).median()
    return Clusters(
        labels=of.rename_axis(_id_name(features)).reset_index(),
        k=len(sizes),
        reason=evidence[1],
        elbow=evidence[0],
        centres=pd.DataFrame(scaling.undo(means.to_numpy()), means.index, names),
        deviations=(means - points.mean(axis=0)) / spread,
        profile=profile.join(medians),
        scaling=scaling.name,
    )


def _id_name(features: pd.DataFrame) -> str:
    return "id" if features.index.name is None else str(features.index.name)


def _quiet() -> bool:
    return os.environ.get("ONSTAGE_PROGRESS") == "0" or not sys.stderr.isatty()
