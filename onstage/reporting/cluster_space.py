"""Which three features, which points and which scale a picture of clusters in space has."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.clustering.clusters import Clusters
from onstage.clustering.naming import HOUR
from onstage.columns import Columns
from onstage.seeds import generator


TRIPLES: Final = (
    ("streams_viewed", "comments_given", "coins_given"),
    ("streams", "comments_received", "coins_received"),
)
"""Shown wherever they are known."""
AXES: Final = 3
POINTS: Final = 3_000
"""Most points that are drawn."""
WIDE: Final = 20.0
"""A count that goes beyond this stands on a logarithmic axis."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One feature along one side of the picture.

    Attributes
    ----------
    name
        Of the feature, as words; empty where there are fewer than three.
    at : ndarray of float64, shape (n_points,)
        Where the points stand: the value, or ``log10(1 + value)``.
    values : ndarray of float64, shape (n_points,)
        Original units.
    ticks, labels
        Marks of a logarithmic axis; empty for a plain one.
    """

    name: str
    at: NDArray[np.float64]
    values: NDArray[np.float64]
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Space:
    """What is drawn.

    Attributes
    ----------
    axes
        Always three.
    cluster : ndarray of int64, shape (n_points,)
    ids : pandas.Series, shape (n_points,)
    note
        Says so where only a sample is drawn, else how many points there are.
    """

    axes: tuple[Axis, Axis, Axis]
    cluster: NDArray[np.int64]
    ids: pd.Series
    note: str


def space_of(clusters: Clusters) -> Space:
    """Choose what to draw.

    The features are those of the relations (streams, comments, coins) where all three are there,
    else the three with the largest shares of the variance between clusters. Points are a random
    sample, the same every time, of at most :data:`POINTS`.
    """
    n = len(clusters.labels)
    rng = generator(0, "plot", "clusters")
    chosen = np.sort(rng.choice(n, size=min(n, POINTS), replace=False))
    names = [*_features(clusters), "", ""][:AXES]
    rows = clusters.features.iloc[chosen]
    one, two, three = (_axis(name, rows) for name in names)
    shown = f"{len(chosen):,} of {n:,} are drawn, at random" if len(chosen) < n else f"all {n:,}"
    return Space(
        (one, two, three),
        clusters.labels[Columns.CLUSTER].to_numpy(dtype=np.int64)[chosen],
        clusters.labels.iloc[chosen, 0],
        shown,
    )


def _features(clusters: Clusters) -> list[str]:
    known = [str(c) for c in clusters.features.columns]
    for triple in TRIPLES:
        if set(triple) <= set(known):
            return list(triple)
    shares = clusters.spaces.loc[[clusters.scaling]].iloc[0].to_dict()
    shown = [c for c in known if c not in HOUR] or known
    return sorted(shown, key=lambda c: -shares[c])[:AXES]


def _axis(name: str, rows: pd.DataFrame) -> Axis:
    if not name:
        nowhere = np.zeros(len(rows))
        return Axis("", nowhere, nowhere)
    values = rows[name].to_numpy(dtype=np.float64)
    words = name.replace("_", " ")
    if values.min() < 0 or values.max() <= WIDE:
        return Axis(words, values, values)
    top = int(np.ceil(np.log10(1 + values.max())))
    marks = [0, *(10**power for power in range(1, top + 1))]
    kept = [mark for mark in marks if mark <= values.max() * 1.5]
    ticks = tuple(float(np.log10(1 + mark)) for mark in kept)
    return Axis(words, np.log10(1 + values), values, ticks, tuple(map(_mark, kept)))


def _mark(value: int) -> str:
    million, thousand = 1_000_000, 1_000
    if value >= million:
        return f"{value // million}M"
    return f"{value // thousand}k" if value >= thousand else str(value)
