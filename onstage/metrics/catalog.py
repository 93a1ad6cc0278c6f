"""Every ranking metric, by its key."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from onstage.errors import ContractError
from onstage.metrics.auc import AUC_METRIC, auc
from onstage.metrics.average_precision import AVERAGE_PRECISION, average_precision
from onstage.metrics.coverage import COVERAGE_METRIC, GINI_METRIC
from onstage.metrics.diversity import DIVERSITY_METRIC
from onstage.metrics.hit_rate import HIT_RATE, hit_rate
from onstage.metrics.metric import Metric
from onstage.metrics.ndcg import NDCG, ndcg
from onstage.metrics.popularity import HEAD_METRIC, NOVELTY_METRIC, POPULARITY_METRIC
from onstage.metrics.precision import PRECISION, precision
from onstage.metrics.ranks import Ranks
from onstage.metrics.recall import RECALL, RECALL_MIN, recall, recall_min
from onstage.metrics.reciprocal_rank import RECIPROCAL_RANK, reciprocal_rank
from onstage.metrics.repeats import REPEAT_LIST_SHARE_METRIC, REPEAT_SHARE_METRIC
from onstage.metrics.serendipity import SERENDIPITY_METRIC


RankMetric: TypeAlias = Callable[[Ranks, int], NDArray[np.float64]]

AT_K: Final[Mapping[str, RankMetric]] = MappingProxyType(
    {
        "hr": hit_rate,
        "recall": recall,
        "recall_min": recall_min,
        "precision": precision,
        "ndcg": ndcg,
        "map": average_precision,
        "mrr": reciprocal_rank,
    }
)
"""Metrics with a depth; the key of ``ndcg`` at 10 is ``ndcg_at_10``."""

ALIASES: Final[Mapping[str, str]] = MappingProxyType({"reward": "hr_at_1"})
"""Other names of metrics. ``reward``: the share of (user, step) at which the one item recommended
is the one that the user starts to watch, over the steps at which a user starts something."""

DEPTHS: Final = (1, 5, 10, 20)
"""Depths that are reported unless others are asked for."""

LIST_DEPTH: Final = 10
AUC: Final = AUC_METRIC.key
NOVELTY: Final = NOVELTY_METRIC.key
COVERAGE: Final = COVERAGE_METRIC.key
GINI: Final = GINI_METRIC.key
DIVERSITY: Final = DIVERSITY_METRIC.key
SERENDIPITY: Final = SERENDIPITY_METRIC.key
POPULARITY: Final = POPULARITY_METRIC.key
HEAD_SHARE: Final = HEAD_METRIC.key
REPEAT_LIST_SHARE: Final = REPEAT_LIST_SHARE_METRIC.key
REPEAT_SHARE: Final = REPEAT_SHARE_METRIC.key

LISTS: Final = (NOVELTY, COVERAGE, GINI, DIVERSITY, POPULARITY, HEAD_SHARE, REPEAT_LIST_SHARE)
"""Metrics of lists in the per-event table that are undefined outside the group ``all``."""

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            HIT_RATE,
            RECALL,
            RECALL_MIN,
            PRECISION,
            NDCG,
            AVERAGE_PRECISION,
            RECIPROCAL_RANK,
            AUC_METRIC,
            SERENDIPITY_METRIC,
            NOVELTY_METRIC,
            COVERAGE_METRIC,
            GINI_METRIC,
            DIVERSITY_METRIC,
            POPULARITY_METRIC,
            HEAD_METRIC,
            REPEAT_LIST_SHARE_METRIC,
            REPEAT_SHARE_METRIC,
        )
    }
)
"""Every metric's declared convention; ``_at_k`` in a key stands for any depth."""

SUMMED: Final = frozenset(key for key, metric in METRICS.items() if metric.average == "sum")
"""Metrics of all events together: an event's value is its share, and only the sum means a thing."""


def rank_metrics(ranks: Ranks, ks: Sequence[int] = DEPTHS) -> dict[str, NDArray[np.float64]]:
    """Every metric that ranks determine, by key; each of shape (n_events,).

    Raises
    ------
    ValueError
        If a depth is less than 1.
    """
    return {**at_depths(ranks, ks), AUC: auc(ranks)}


def at_depths(ranks: Ranks, ks: Sequence[int]) -> dict[str, NDArray[np.float64]]:
    """As :func:`rank_metrics`, without the one metric that needs the whole ranking."""
    if min(ks, default=1) < 1:
        message = f"k must be at least 1, got {min(ks)}"
        raise ValueError(message)
    return {f"{name}_at_{k}": metric(ranks, k) for name, metric in AT_K.items() for k in ks}


def metric_keys(ks: Sequence[int] = DEPTHS) -> tuple[str, ...]:
    """Keys of all metrics in the order of the per-event table."""
    return (*(f"{name}_at_{k}" for name in AT_K for k in ks), AUC, SERENDIPITY, *LISTS)


def described(key: str) -> Metric:
    """The convention of a metric, by a key with any depth, with ``k`` or an alias.

    Raises
    ------
    ContractError
        If there is no such metric.
    """
    key = ALIASES.get(key, key)
    pattern = re.sub(r"_at_[1-9]\d*$", "_at_k", key)
    metric = METRICS.get(key) or METRICS.get(pattern)
    if metric is None:
        message = f"metric {key!r}: there is none; `onstage metrics` lists {', '.join(METRICS)}"
        raise ContractError(message)
    return metric


def is_headline(key: str) -> bool:
    """Whether a metric is one of the few that a tracking page has room for: depths 1 and 10.

    Tables and the leaderboard have all depths.
    """
    return not key.endswith(("_at_5", "_at_20"))
