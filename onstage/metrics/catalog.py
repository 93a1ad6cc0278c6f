"""Every ranking metric, by its key."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.auc import auc
from onstage.metrics.average_precision import average_precision
from onstage.metrics.hit_rate import hit_rate
from onstage.metrics.ndcg import ndcg
from onstage.metrics.precision import precision
from onstage.metrics.ranks import Ranks
from onstage.metrics.recall import recall, recall_min
from onstage.metrics.reciprocal_rank import reciprocal_rank


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

AUC: Final = "auc"
LIST_DEPTH: Final = 10
COVERAGE: Final = f"coverage_at_{LIST_DEPTH}"
REPEAT_SHARE: Final = f"repeat_share_at_{LIST_DEPTH}"
NOVELTY: Final = f"novelty_at_{LIST_DEPTH}"


def rank_metrics(ranks: Ranks, ks: Sequence[int] = DEPTHS) -> dict[str, NDArray[np.float64]]:
    """Every metric that ranks determine, by key; each of shape (n_events,).

    Raises
    ------
    ValueError
        If a depth is less than 1.
    """
    if min(ks, default=1) < 1:
        message = f"k must be at least 1, got {min(ks)}"
        raise ValueError(message)
    values = {f"{name}_at_{k}": metric(ranks, k) for name, metric in AT_K.items() for k in ks}
    return {**values, AUC: auc(ranks)}


def metric_keys(ks: Sequence[int] = DEPTHS) -> tuple[str, ...]:
    """Keys of all metrics in the order of the per-event table."""
    return (*(f"{name}_at_{k}" for name in AT_K for k in ks), AUC, NOVELTY, COVERAGE)


def is_headline(key: str) -> bool:
    """Whether a metric is one of the few that a tracking page has room for: depths 1 and 10.

    Tables and the leaderboard have all depths.
    """
    return not key.endswith(("_at_5", "_at_20"))
