"""Groups of users or items, and what a person can say about them."""

import math
from dataclasses import dataclass
from typing import Final

import pandas as pd


ENOUGH: Final = 0.5
"""Standard deviations from the mean that are worth a word."""

HOUR: Final = ("hour_sin", "hour_cos")


@dataclass(frozen=True, eq=False)
class Clusters:
    """Groups of one kind of thing (users or items), numbered from 1, the largest first.

    Attributes
    ----------
    labels : pandas.DataFrame, columns the id's name and ``cluster``
        One row per row of the features, in their order.
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
    scaling
        How the features were made comparable.
    """

    labels: pd.DataFrame
    k: int
    reason: str
    elbow: pd.DataFrame
    centres: pd.DataFrame
    deviations: pd.DataFrame
    profile: pd.DataFrame
    scaling: str

    def describe(self) -> pd.Series:
        """Say in words what sets each cluster apart: at most its three largest deviations.

        ``hour_sin`` and ``hour_cos`` become one usual hour, of UTC or counted from step 0.
        """
        words = [self._words(number) for number in self.profile.index]
        return pd.Series(words, index=self.profile.index, name="description")

    def _words(self, number: int) -> str:
        deviations = self.deviations.loc[number].to_dict()
        named = [f for f, size in deviations.items() if abs(size) >= ENOUGH]
        named.sort(key=lambda feature: -round(abs(deviations[feature]), 9))
        hour = self._hour(number)
        words = [
            hour if hour and feature in HOUR else _word(str(feature), deviations[feature])
            for feature in named
        ]
        return ", ".join(list(dict.fromkeys(words))[:3]) or "near the average"

    def _hour(self, number: int) -> str:
        """The usual hour of a cluster, empty where no feature tells it."""
        if not set(HOUR) <= set(self.centres.columns):
            return ""
        sine, cosine = self.centres.loc[number, list(HOUR)].to_numpy(dtype=float)
        hour = round(math.atan2(sine, cosine) * 12 / math.pi) % 24
        return f"usual hour {hour}"


def _word(feature: str, deviation: float) -> str:
    return f"{'high' if deviation > 0 else 'low'} {feature.replace('_', ' ')}"
