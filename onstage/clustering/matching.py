"""Numbers that mean the same cluster from one clustering to the next."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from onstage.clustering.scaling import Scaling
from onstage.columns import Columns


if TYPE_CHECKING:
    from onstage.clustering.clusters import Clusters


ENOUGH_SHARED: Final = 0.5
"""Share of the smaller clustering's rows that both must have for members to be evidence."""
SAME: Final = 1 / 3
"""Overlap from which two clusters are the same: two of one size that share half their members."""


@dataclass(frozen=True, eq=False)
class _Evidence:
    """How alike each new cluster (row) and each last one (column) are."""

    likeness: NDArray[np.float64]
    """The assignment maximises its sum."""
    same: NDArray[np.bool_]
    """Pairs that may be called the same."""
    overlap: NDArray[np.float64]
    """See :attr:`Clusters.changes`; ``nan`` where members were not looked at."""
    basis: str


def first(profile: pd.DataFrame) -> pd.DataFrame:
    """The changes of a clustering that has none before it."""
    made = pd.DataFrame({"change": "first", "size_before": 0}, index=profile.index)
    return made.assign(size=profile["size"].astype(np.int64), overlap=np.nan)


def match(made: "Clusters", last: "Clusters") -> "Clusters":
    """Give the clusters of `made` the numbers that the same ones had in `last`.

    Pairs are assigned so that their overlaps (members in both over members in either, of the rows
    that both clusterings have) sum to the most, and a pair is the same cluster from an overlap of
    :data:`SAME` on. Where the clusterings share fewer than :data:`ENOUGH_SHARED` of the smaller
    one's rows, centres are compared instead, by the features that both have, in the scaled space of
    `last`: a pair of the assignment is the same cluster if each is the other's nearest.

    A cluster that is not found again has vanished, and its number is not used again; a new one gets
    the next number that nobody had, the larger first.

    References
    ----------
    Kuhn, "The Hungarian method for the assignment problem", 1955; the overlap is Jaccard's, as in
    Hennig, "Cluster-wise assessment of cluster stability", CSDA 2007.
    """
    evidence = _by_members(made, last) or _by_centres(made, last)
    if evidence is None:
        message = "numbered by size: the last clustering shares neither rows nor features"
        return replace(made, basis=message)
    number, overlap, used = _numbers(made, last, evidence)
    changes = _changes(made, last, number, overlap)
    return _renumbered(made, number, changes, evidence.basis, used)


def _by_members(made: "Clusters", last: "Clusters") -> _Evidence | None:
    both = pd.concat([made.of.rename("new"), last.of.rename("old")], axis=1, join="inner")
    smaller = min(len(made.labels), len(last.labels))
    if len(both) == 0 or len(both) < ENOUGH_SHARED * smaller:
        return None
    table = pd.crosstab(both["new"], both["old"])
    common = table.reindex(
        index=made.profile.index, columns=last.profile.index, fill_value=0
    ).to_numpy(dtype=np.float64)
    either = common.sum(axis=1, keepdims=True) + common.sum(axis=0, keepdims=True) - common
    overlap = np.divide(common, either, out=np.zeros_like(common), where=either > 0)
    basis = f"matched by {len(both):,} members that the last clustering has too"
    return _Evidence(overlap, overlap >= SAME, overlap, basis)


def _by_centres(made: "Clusters", last: "Clusters") -> _Evidence | None:
    names = [c for c in last.centres.columns if c in made.centres.columns]
    if not names:
        return None
    space = Scaling.fit(last.scaling, last.features[names])
    new, old = space.apply(made.centres[names]), space.apply(last.centres[names])
    distance = np.linalg.norm(new[:, None] - old[None], axis=2)
    nearest = (distance == distance.min(axis=0, keepdims=True)) & (
        distance == distance.min(axis=1, keepdims=True)
    )
    basis = f"matched by the centres of {len(names)} features: too few members are shared"
    return _Evidence(-distance, nearest, np.full_like(distance, np.nan), basis)


def _numbers(
    made: "Clusters", last: "Clusters", evidence: _Evidence
) -> tuple[dict[int, int], dict[int, float], int]:
    """Old to new number of every cluster, the overlap of those that were found again, the top."""
    new, old = made.profile.index, last.profile.index
    number: dict[int, int] = {}
    overlap: dict[int, float] = {}
    for row, column in zip(*linear_sum_assignment(evidence.likeness, maximize=True), strict=True):
        if evidence.same[row, column]:
            number[int(new[row])] = int(old[column])
            overlap[int(old[column])] = float(evidence.overlap[row, column])
    used = last.numbers_used
    for own in map(int, new):
        if own not in number:
            used += 1
            number[own] = used
    return number, overlap, used


def _changes(
    made: "Clusters", last: "Clusters", number: dict[int, int], overlap: dict[int, float]
) -> pd.DataFrame:
    now = made.profile["size"].rename(index=number)
    before = last.profile["size"]
    every = pd.Index(sorted({*now.index, *before.index}), name=Columns.CLUSTER)
    found = every.isin(list(overlap))
    change = np.where(found, "kept", np.where(every.isin(before.index), "vanished", "new"))
    return pd.DataFrame(
        {
            "change": change,
            "size_before": before.reindex(every, fill_value=0).astype(np.int64),
            "size": now.reindex(every, fill_value=0).astype(np.int64),
            "overlap": [overlap.get(int(one), np.nan) for one in every],
        },
        index=every,
    )


def _renumbered(
    made: "Clusters", number: dict[int, int], changes: pd.DataFrame, basis: str, used: int
) -> "Clusters":
    tables = {
        name: getattr(made, name).rename(index=number).sort_index()
        for name in ("centres", "deviations", "profile", "means")
    }
    cluster = made.labels[Columns.CLUSTER].map(number).astype(np.int64)
    labels = made.labels.assign(**{Columns.CLUSTER: cluster})
    return replace(made, labels=labels, changes=changes, basis=basis, numbers_used=used, **tables)
