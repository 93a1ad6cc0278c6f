"""Gradient-boosted trees that order candidates: LightGBM, kept as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onstage.models.ranker.config import RankerConfig


DEPTH = 3
"""Places at the top of a ranking against which the order of all others is learned."""

BINS = 127


@dataclass(frozen=True, eq=False)
class Lessons:
    """Past events to learn from.

    Attributes
    ----------
    features : ndarray of float32, shape (n_pairs, n_features)
    names
        Of the features.
    chosen : ndarray of bool, shape (n_pairs,)
        One True an event.
    sizes : ndarray of int64, shape (n_events,)
        Pairs of each event, one event after the other.
    """

    features: NDArray[np.float32]
    names: Sequence[str]
    chosen: NDArray[np.bool_]
    sizes: NDArray[np.int64]


def grown(config: RankerConfig, lessons: Lessons, *, seed: int, threads: int) -> str:
    """Learn to rank what was chosen first. LightGBM's text of the trees.

    The same seed and data give the same trees on any number of threads.

    References
    ----------
    Burges, "From RankNet to LambdaRank to LambdaMART: An Overview", MSR-TR-2010-82.
    """
    import lightgbm

    parameters = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": DEPTH,
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.min_rows,
        "feature_fraction": config.column_share,
        "bagging_fraction": config.row_share,
        "bagging_freq": 1,
        "lambda_l2": config.l2,
        "max_bin": BINS,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(
        lessons.features,
        label=lessons.chosen,
        group=lessons.sizes,
        feature_name=list(lessons.names),
        params=parameters,
    )
    booster = lightgbm.train(parameters, data, num_boost_round=config.trees)
    return str(booster.model_to_string())


class Trees:
    """Trees read back from their text."""

    def __init__(self, text: str) -> None:
        import lightgbm

        self._booster: Any = lightgbm.Booster(model_str=text)
        self.names: list[str] = self._booster.feature_name()

    def scores(self, features: NDArray[np.float32], *, threads: int = 0) -> NDArray[np.float32]:
        """Score pairs, shape (n_pairs,); larger is better within a request."""
        if len(features) == 0:
            return np.empty(0, dtype=np.float32)
        found = self._booster.predict(features, num_threads=threads)
        return np.asarray(found, dtype=np.float32)

    def importance(self) -> dict[str, float]:
        """Share of the loss that splits on each feature took away, largest first; sums to 1."""
        gain = np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)
        share = gain / max(gain.sum(), np.finfo(np.float64).tiny)
        order = np.argsort(-share, kind="stable")
        return {self.names[k]: float(share[k]) for k in order}
