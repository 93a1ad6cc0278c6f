"""What a person would call a cluster."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import pandas as pd

from onstage.columns import Columns


ENOUGH: Final = 0.5
"""Standard deviations from the mean that are worth a word."""
MOST: Final = 3
"""Most things that a name says."""
HOUR: Final = ("hour_sin", "hour_cos")
NONE: Final = 0.005
"""A centre below this is none at all."""

Phrases: TypeAlias = Mapping[str, tuple[str, str]]

OF_USERS: Final[Phrases] = MappingProxyType(
    {
        "interactions": ("heavy users", "light users"),
        "streams_viewed": ("heavy viewers", "light viewers"),
        "distinct_items": ("try many", "try few"),
        "active_days": ("come on many days", "come on few days"),
        "repeat_share": ("come back to the same", "seldom come back to the same"),
        "days_since_last": ("not seen lately", "here lately"),
        "mean_duration_seconds": ("stay long", "leave early"),
        "comments_given": ("comment a lot", "hardly comment"),
        "coins_given": ("give coins", "give no coins"),
    }
)
"""What many and few of a user's feature are called."""

OF_ITEMS: Final[Phrases] = MappingProxyType(
    {
        "interactions": ("often chosen", "seldom chosen"),
        "streams": ("much viewed", "little viewed"),
        "distinct_users": ("large audience", "small audience"),
        "active_days": ("chosen on many days", "chosen on few days"),
        "repeat_share": ("people come back", "people seldom come back"),
        "days_since_last": ("not chosen lately", "chosen lately"),
        "mean_duration_seconds": ("people stay long", "people leave early"),
        "comments_received": ("much commented", "hardly commented"),
        "coins_received": ("receive coins", "receive no coins"),
    }
)
"""What many and few of an item's feature are called."""

PHRASES: Final[Mapping[str, Phrases]] = MappingProxyType(
    {Columns.USER: OF_USERS, Columns.ITEM: OF_ITEMS}
)
"""By the name of the identifier's column."""

ACTIVITY: Final = (
    "streams_viewed",
    "streams",
    "interactions",
    "distinct_items",
    "distinct_users",
    "active_days",
)
"""Features that say much the same: a name says one of them, the first that there is."""

COINS: Final = frozenset({"coins_given", "coins_received"})
"""Features whose "few" is called "no" only where it is none."""


@dataclass(frozen=True)
class Portrait:
    """The clusters of one kind of thing, as numbers to be put into words.

    Attributes
    ----------
    kind
        Name of the identifier's column: ``user_id`` and ``item_id`` have words of their own.
    profile, centres, deviations
        See :class:`onstage.clustering.clusters.Clusters`.
    """

    kind: str
    profile: pd.DataFrame
    centres: pd.DataFrame
    deviations: pd.DataFrame

    def names(self) -> pd.Series:
        """Name of each cluster; equal names are told apart by the largest difference, or numbers.

        ``hour_sin`` and ``hour_cos`` become one usual hour, of UTC or counted from step 0.
        """
        words = {int(number): self._words(int(number)) for number in self.profile.index}
        made = {
            number: ", ".join(own[:MOST]) or "near the average" for number, own in words.items()
        }
        often = Counter(made.values())
        for number, name in made.items():
            if often[name] > 1:
                made[number] = f"{name} ({number})"
        return pd.Series(made, index=self.profile.index, name="description")

    def sentences(self) -> pd.Series:
        """Size, share and the medians of what the name is about."""
        whole = int(self.profile["size"].sum())
        names = zip(map(int, self.profile.index), self.names(), strict=True)
        made = [self._sentence(number, str(name), whole) for number, name in names]
        return pd.Series(made, index=self.profile.index, name="sentence")

    def _sentence(self, number: int, name: str, whole: int) -> str:
        shown = [f for f in self._apart(number) if f not in HOUR][:MOST]
        shown += [f for f in map(str, self.centres.columns) if f not in (*HOUR, *shown)]
        medians = ", ".join(
            f"{_plain(f)} {_short(self._cell(self.profile, number, f))}" for f in shown[:MOST]
        )
        rows, share = (self._cell(self.profile, number, one) for one in ("size", "share"))
        size = f"{rows:,.0f} of {whole:,} ({share:.0%})"
        return f"{name}: {size}; medians: {medians}" if medians else f"{name}: {size}"

    def _apart(self, number: int) -> list[str]:
        """Features that set a cluster apart, the largest deviation first, one of activity."""
        deviations = self.deviations.loc[number].to_dict()
        named = [str(f) for f, size in deviations.items() if abs(size) >= ENOUGH]
        named.sort(key=lambda feature: -round(abs(deviations[feature]), 9))
        spokesman = next((f for f in ACTIVITY if f in named), "")
        return list(dict.fromkeys(spokesman if f in ACTIVITY else f for f in named))

    def _words(self, number: int) -> list[str]:
        hour = self._hour(number)
        words = [
            hour if hour and feature in HOUR else self._word(number, feature)
            for feature in self._apart(number)
        ]
        return list(dict.fromkeys(words))

    def _word(self, number: int, feature: str) -> str:
        known = PHRASES.get(self.kind, {})
        many = self._cell(self.deviations, number, feature) > 0
        if feature not in known:
            return f"{'high' if many else 'low'} {_plain(feature)}"
        few = known[feature][1]
        if feature in COINS and self._cell(self.centres, number, feature) > NONE:
            few = few.replace("no ", "few ")
        return known[feature][0] if many else few

    def _hour(self, number: int) -> str:
        """The usual hour of a cluster, empty where no feature tells it."""
        if not set(HOUR) <= set(self.centres.columns):
            return ""
        sine, cosine = (self._cell(self.centres, number, one) for one in HOUR)
        return f"usual hour {round(math.atan2(sine, cosine) * 12 / math.pi) % 24}"

    @staticmethod
    def _cell(table: pd.DataFrame, number: int, feature: str) -> float:
        return float(table[feature].to_numpy()[table.index.get_loc(number)])


def _plain(feature: str) -> str:
    return feature.replace("_", " ")


def _short(value: float) -> str:
    whole = 100
    return f"{value:,.0f}" if abs(value) >= whole or value == round(value) else f"{value:.2g}"
