"""Groups of users or items, and what a person can say about them."""

from dataclasses import dataclass

import pandas as pd

from onstage.clustering.naming import Portrait
from onstage.clustering.scaling import ScalingName
from onstage.clustering.scalings import dominance
from onstage.columns import Columns


@dataclass(frozen=True, eq=False)
class Clusters:
    """Groups of one kind of thing (users or items).

    A first clustering is numbered from 1, the largest cluster first. A later one is matched to it:
    a cluster that is found again keeps its number, a new one gets a number that no earlier cluster
    had (:mod:`onstage.clustering.matching`).

    Attributes
    ----------
    labels : pandas.DataFrame, columns the id's name, ``cluster`` and ``distance``
        One row per row of the features, in their order. The distance to the own cluster's mean,
        in scaled space: small is typical.
    features : pandas.DataFrame, one column per feature, index: ids
        What was clustered, original units, rows as in `labels`.
    k
        Number of clusters, none of them empty.
    reason
        Why this k, in one sentence.
    elbow : pandas.DataFrame, columns ``k``, ``inertia``, ``silhouette``
        Every k that was tried. Inertia is the sum of squared distances in scaled space;
        the silhouette in [-1, 1] is that of a sample, ``nan`` where it is not defined.
    centres : pandas.DataFrame, index ``cluster``, one column per feature
        Mean in scaled space, converted back to original units (with log scaling it is near the
        geometric mean).
    deviations : pandas.DataFrame, index ``cluster``, one column per feature
        Mean in scaled space, in standard deviations from the mean of all rows. 0 for constants.
    profile : pandas.DataFrame, index ``cluster``
        ``size`` (rows), ``share`` in (0, 1], then the median of every feature, original units.
    means : pandas.DataFrame, index ``cluster``, one column per feature
        Mean in original units.
    scaling
        How the features were made comparable.
    method
        The algorithm, in one sentence: all rows at once, or mini-batches.
    spaces, agreement : pandas.DataFrame, index ``scaling``
        The same k under every scaling (:func:`onstage.clustering.scalings.compare_scalings`).
    changes : pandas.DataFrame, index ``cluster``
        ``change`` (``first``, ``kept``, ``new`` or ``vanished``), ``size_before`` and ``size``
        (0 where there was or is none), ``overlap``: members in both over members in either, of
        those that both clusterings have, ``nan`` where that was not the evidence.
    basis
        What the numbers rest on, in one sentence.
    numbers_used
        The largest number that any cluster of this line ever had.
    """

    labels: pd.DataFrame
    features: pd.DataFrame
    k: int
    reason: str
    elbow: pd.DataFrame
    centres: pd.DataFrame
    deviations: pd.DataFrame
    profile: pd.DataFrame
    means: pd.DataFrame
    scaling: ScalingName
    method: str
    spaces: pd.DataFrame
    agreement: pd.DataFrame
    changes: pd.DataFrame
    basis: str
    numbers_used: int

    @property
    def of(self) -> pd.Series:
        """Number of the cluster, by id."""
        return self.labels.set_index(str(self.labels.columns[0]))[Columns.CLUSTER]

    @property
    def decided_by(self) -> str:
        """Say whether one feature alone makes the clusters."""
        return dominance(self.spaces, self.scaling)

    def describe(self) -> pd.Series:
        """Name each cluster by what sets it apart: at most three things, the largest first.

        No two clusters have the same name.
        """
        return self._portrait().names()

    def sentences(self) -> pd.Series:
        """Describe each cluster in one sentence with its size and medians."""
        return self._portrait().sentences()

    def _portrait(self) -> Portrait:
        kind = str(self.labels.columns[0])
        return Portrait(kind, self.profile, self.centres, self.deviations)
