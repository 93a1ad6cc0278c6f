"""KMeans over a table of behaviour, with the evidence for its k and readable profiles."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from onstage.clustering.choice import choose_k
from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.fitting import NEARLY, fitted, method, refitted, silhouette
from onstage.clustering.matching import first, match
from onstage.clustering.scaling import Scaling
from onstage.clustering.scalings import Comparison, compare_scalings
from onstage.columns import Columns
from onstage.contracts import kind_of
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, ContractError
from onstage.features.behaviour import item_features, user_features
from onstage.seeds import generator, integer
from onstage.settings import load_settings
from onstage.types import Positions


logger = logging.getLogger(__name__)

NOTHING: Mapping[str, Clusters] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class _Found:
    """What came of trying every k."""

    points: NDArray[np.float64]
    labels: Positions
    elbow: pd.DataFrame
    reason: str
    comparison: Comparison


def cluster_dataset(
    dataset: Dataset,
    config: ClusterConfig,
    relations: pd.DataFrame | None = None,
    *,
    last: Mapping[str, Clusters] = NOTHING,
) -> dict[str, Clusters]:
    """Cluster the users and the items of a dataset, as configured.

    Parameters
    ----------
    last
        The last clustering, whose numbers are kept (:mod:`onstage.clustering.matching`).

    Returns
    -------
    dict
        ``"users"`` and ``"items"``, each only if switched on. A generator of their own makes
        each independent of whether the other is made. Of columns that are equal only the last is
        used (``streams_viewed`` where it says the same as ``interactions``): nothing counts twice.
    """
    made: dict[str, Clusters] = {}
    if config.users:
        table = selected(user_features(dataset, relations), config.user_columns, "users")
        rng = generator(config.seed, "cluster", "users")
        made["users"] = cluster(table, config, rng, last=last.get("users"))
    if config.items:
        table = selected(item_features(dataset, relations), config.item_columns, "items")
        rng = generator(config.seed, "cluster", "items")
        made["items"] = cluster(table, config, rng, last=last.get("items"))
    return made


def cluster(
    features: pd.DataFrame,
    config: ClusterConfig,
    rng: np.random.Generator | None = None,
    *,
    last: Clusters | None = None,
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
    last
        The clustering before this one, whose numbers are kept. Its k is kept too while no other
        is clearly better (:func:`onstage.clustering.choice.choose_k`), and what comes of starting
        from its centres while the inertia is nearly the best
        (:data:`onstage.clustering.fitting.NEARLY`).

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
    import sklearn.cluster  # noqa: F401  # threads are limited in libraries that are loaded by then

    _check(features)
    rng = generator(config.seed, "cluster") if rng is None else rng
    scaling = Scaling.fit(config.scaling, features)
    with threadpool_limits(limits=1):
        found = _search(features, scaling, config, rng, last)
    logger.info("%d rows: %s", len(features), found.reason)
    made = _describe(features, scaling, found, method(len(features), config))
    return made if last is None else match(made, last)


def selected(table: pd.DataFrame, columns: tuple[str, ...] | None, kind: str) -> pd.DataFrame:
    """Features to cluster by: those asked for, else all that differ from each other.

    Raises
    ------
    ConfigError
        One that was asked for is not there, such as coins in a log without relations.
    """
    if columns is None:
        return table.loc[:, ~_said_again(table)]
    missing = [c for c in columns if c not in table.columns]
    if missing:
        message = f"{kind}: no feature {missing[0]!r}; choose from {list(table.columns)}"
        raise ConfigError(message)
    return table[list(columns)]


def _said_again(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Columns that equal a later one, value by value, and are not constant."""
    values = [table[c].to_numpy() for c in table.columns]
    return np.array(
        [
            bool(len(one)) and np.ptp(one) > 0 and any(np.array_equal(one, b) for b in values[at:])
            for at, one in enumerate(values, start=1)
        ],
        dtype=np.bool_,
    )


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


def _search(
    features: pd.DataFrame,
    scaling: Scaling,
    config: ClusterConfig,
    rng: np.random.Generator,
    last: Clusters | None,
) -> _Found:
    """Try every k, choose one, and see what other scalings would have given."""
    points = scaling.apply(features)
    size = min(config.silhouette_sample, len(points))
    sample = np.sort(rng.choice(len(points), size=size, replace=False))
    seed = integer(rng)
    labels: dict[int, Positions] = {}
    rows = []
    silent = None if load_settings().progress else True
    for k in tqdm(_ks(points, config), desc="clusters", unit="k", disable=silent):
        labels[k], inertia = fitted(points, k, config, seed)
        rows.append((k, inertia, silhouette(points[sample], labels[k][sample])))
    elbow = pd.DataFrame(rows, columns=["k", "inertia", "silhouette"])
    k, reason = choose_k(elbow, None if last is None else last.k)
    if config.k is not None:
        k, reason = config.k, f"k = {config.k}: configured (the rule gives {k})"
    if last is not None and k == last.k and list(last.centres.columns) == list(features.columns):
        warm, inertia = refitted(points, scaling.apply(last.centres))
        at = int((elbow["k"] == k).to_numpy().argmax())
        if inertia <= NEARLY * float(elbow["inertia"].to_numpy()[at]):
            labels[k] = warm
            elbow.loc[at, ["inertia", "silhouette"]] = [
                inertia,
                silhouette(points[sample], warm[sample]),
            ]
    own = _by_size(points, labels[k])
    comparison = compare_scalings(features, own, config, sample, seed)
    return _Found(points, own, elbow, reason, comparison)


def _ks(points: NDArray[np.float64], config: ClusterConfig) -> list[int]:
    distinct = len(np.unique(points, axis=0))
    if config.k is None:
        return list(range(1, min(config.k_max, distinct) + 1))
    if config.k > distinct:
        message = f"k = {config.k}, but only {distinct} rows differ; lower k or leave it out"
        raise ConfigError(message)
    return list(range(1, min(max(config.k_max, config.k), distinct) + 1))


def _by_size(points: NDArray[np.float64], labels: Positions) -> Positions:
    """Number from 1, largest first; equal sizes by the smaller centre, column by column."""
    _, dense, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    centres = pd.DataFrame(points).groupby(dense).mean().to_numpy()
    keys = (*(centres[:, c] for c in range(centres.shape[1] - 1, -1, -1)), -sizes)
    number = np.empty(len(sizes), dtype=np.int64)
    number[np.lexsort(keys)] = np.arange(1, len(sizes) + 1)
    return number[dense]


def _describe(features: pd.DataFrame, scaling: Scaling, found: _Found, how: str) -> Clusters:
    names, labels, points = features.columns, found.labels, found.points
    of = pd.Series(labels, index=features.index, name=Columns.CLUSTER)
    means = pd.DataFrame(points, columns=names).groupby(labels).mean()
    means.index.name = Columns.CLUSTER
    spread = points.std(axis=0)
    spread[np.ptp(points, axis=0) == 0] = 1.0
    sizes = of.value_counts().sort_index()
    groups = features.astype(np.float64).groupby(of)
    profile = pd.DataFrame({"size": sizes, "share": sizes / len(of)}).join(groups.median())
    distance = np.linalg.norm(points - means.to_numpy()[labels - 1], axis=1)
    return Clusters(
        labels=of.rename_axis(_id_name(features)).reset_index().assign(distance=distance),
        features=features,
        k=len(sizes),
        reason=found.reason,
        elbow=found.elbow,
        centres=pd.DataFrame(scaling.undo(means.to_numpy()), means.index, names),
        deviations=(means - points.mean(axis=0)) / spread,
        profile=profile,
        means=groups.mean(),
        scaling=scaling.name,
        method=how,
        spaces=found.comparison.spaces,
        agreement=found.comparison.agreement,
        changes=first(profile),
        basis="numbered by size: there is no clustering before this one",
        numbers_used=len(sizes),
    )


def _id_name(features: pd.DataFrame) -> str:
    return "id" if features.index.name is None else str(features.index.name)
