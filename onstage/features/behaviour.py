"""How each user and each item behaves: one row of numbers each, from the log alone."""

from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.contracts import RELATIONS, kind_of
from onstage.data.dataset import Dataset
from onstage.errors import ContractError
from onstage.types import Positions


GIVEN = MappingProxyType(
    {"view_count": "streams_viewed", "comment_count": "comments_given", "coin_count": "coins_given"}
)
"""Columns of the relations table and what their sum per user is called."""

RECEIVED = MappingProxyType(
    {"view_count": "streams", "comment_count": "comments_received", "coin_count": "coins_received"}
)
"""Columns of the relations table and what their sum per item is called."""

HABIT: Final = 5.0
"""Interactions at the usual hours of everyone that an hour of one's own must outweigh."""


def user_features(dataset: Dataset, relations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Describe every user who has an interaction.

    Parameters
    ----------
    dataset
        What is known; give the training part to describe behaviour before a cut.
    relations : pandas.DataFrame, optional
        See :data:`onstage.contracts.RELATIONS`. Sums of ``view_count``, ``comment_count`` and
        ``coin_count`` become ``streams_viewed``, ``comments_given`` and ``coins_given``, any
        other numeric ``*_count`` keeps its name; 0 for users without rows. Pairs whose user has
        no interaction are left out.

    Returns
    -------
    pandas.DataFrame of float64, index ``user_id``, sorted as the dataset's vocabulary
        Without missing values. See ``docs/clusters.md`` for every column:

        ``interactions``, ``distinct_items``, ``active_days``
            Counts. A day starts at 00:00 UTC, or every 24 hours from step 0.
        ``repeat_share``
            Share in [0, 1) of interactions with an item that the user had had before.
        ``days_since_last``
            Days between the user's newest interaction and the newest of all.
        ``mean_weight``
            Only where weights differ. In the units of the log.
        ``mean_duration_seconds``
            Only where interactions have an end, and not all the same length.
        ``hour_sin``, ``hour_cos``
            Mean of the sine and cosine of the time of day, with 5 more interactions at the mean
            of all, so that one interaction is no habit: the direction is the usual hour, the
            length in [0, 1] how usual it is. Only where the clock can tell the hour: steps
            shorter than half a day, and not all times at the same hour.

    Raises
    ------
    ContractError
        The relations table has other columns, or numbers where the log has texts as ids.
    """
    made = _behaviour(dataset, dataset.user, dataset.users, "distinct_items")
    made.index.name = Columns.USER
    return _with_relations(made, relations, Columns.USER, dict(GIVEN))


def item_features(dataset: Dataset, relations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Describe every item that has an interaction.

    As :func:`user_features`, with the roles exchanged: ``distinct_users`` counts its users,
    ``repeat_share`` is the share of its interactions by users who had had it before, and the
    relations give ``streams``, ``comments_received`` and ``coins_received``.
    """
    made = _behaviour(dataset, dataset.item, dataset.items, "distinct_users")
    made.index.name = Columns.ITEM
    return _with_relations(made, relations, Columns.ITEM, dict(RECEIVED))


def _behaviour(dataset: Dataset, who: Positions, ids: pd.Index, distinct: str) -> pd.DataFrame:
    size = len(ids)
    counts = np.bincount(who, minlength=size)
    present = counts > 0
    partners = _distinct_pairs(dataset, who, size)
    columns = {
        "interactions": counts.astype(np.float64),
        distinct: partners.astype(np.float64),
        "active_days": _active_days(dataset, who, size),
        "repeat_share": 1.0 - partners / np.maximum(counts, 1),
        "days_since_last": _days_since_last(dataset, who, size),
    }
    if _varies(dataset.weight):
        columns["mean_weight"] = _mean(dataset.weight.astype(np.float64), who, counts)
    if dataset.ends is not None and _varies(dataset.ends - dataset.time):
        seconds = (dataset.ends - dataset.time) * dataset.clock.seconds_per_tick
        columns["mean_duration_seconds"] = _mean(seconds, who, counts)
    angle = _time_of_day(dataset)
    if angle is not None:
        columns["hour_sin"] = _mean(np.sin(angle), who, counts, HABIT)
        columns["hour_cos"] = _mean(np.cos(angle), who, counts, HABIT)
    return pd.DataFrame({k: v[present] for k, v in columns.items()}, index=ids[present])


def _varies(values: NDArray[Any]) -> bool:
    return bool(len(values)) and bool(values.min() < values.max())


def _mean(
    values: NDArray[Any], who: Positions, counts: NDArray[np.int64], more: float = 0.0
) -> NDArray[np.float64]:
    """Mean per user or item, as if each had `more` values equal to the mean of all."""
    sums = np.bincount(who, weights=values, minlength=len(counts)) + more * values.mean()
    return np.asarray(sums / np.maximum(counts + more, 1), dtype=np.float64)


def _distinct_pairs(dataset: Dataset, who: Positions, size: int) -> NDArray[np.int64]:
    pairs = np.unique(dataset.user * max(dataset.n_items, 1) + dataset.item, return_index=True)[1]
    return np.bincount(who[pairs], minlength=size)


def _active_days(dataset: Dataset, who: Positions, size: int) -> NDArray[np.float64]:
    if not len(dataset):
        return np.zeros(size)
    day = np.floor_divide(dataset.time, dataset.clock.span(days=1)).astype(np.int64)
    day -= day.min()
    pairs = np.unique(who * (int(day.max()) + 1) + day, return_index=True)[1]
    return np.bincount(who[pairs], minlength=size).astype(np.float64)


def _days_since_last(dataset: Dataset, who: Positions, size: int) -> NDArray[np.float64]:
    last = np.zeros(size, dtype=np.int64)
    last[who] = dataset.time  # sorted by time, so the newest is written last
    newest = dataset.time[-1] if len(dataset) else 0
    return np.asarray((newest - last) / dataset.clock.span(days=1), dtype=np.float64)


def _time_of_day(dataset: Dataset) -> NDArray[np.float64] | None:
    """Angle of the time of day in radians, None where the clock cannot tell it."""
    day = dataset.clock.span(days=1)
    shortest = 2.0
    if not len(dataset) or day <= shortest:
        return None
    share = np.mod(dataset.time, day) / day
    return np.asarray(2 * np.pi * share, dtype=np.float64) if _varies(share) else None


def _with_relations(
    features: pd.DataFrame, relations: pd.DataFrame | None, key: str, names: dict[str, str]
) -> pd.DataFrame:
    if relations is None:
        return features
    ids = RELATIONS.check(relations)[key]
    if (kind_of(ids) in "iu") != (kind_of(features.index.to_series()) in "iu"):
        message = (
            f"relations.{key}: ids of dtype {ids.dtype}, the interactions have "
            f"{features.index.dtype}; read both with the same id type"
        )
        raise ContractError(message)
    counted = [c for c in relations.columns if _is_count(relations, str(c))]
    sums = relations.groupby(ids)[counted].sum().reindex(features.index, fill_value=0)
    sums.columns = pd.Index([names.get(str(c), str(c)) for c in counted])
    return features.join(sums.fillna(0).astype(np.float64))


def _is_count(relations: pd.DataFrame, column: str) -> bool:
    return column.endswith("_count") and kind_of(relations[column]) in "iuf"
