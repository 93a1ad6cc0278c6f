"""The published experiments, run with Onstage's own models, splits and metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from benchmarks.published.exam import (
    dataset_of,
    leave_one_out,
    liked,
    random_share,
    strong_generalisation,
)
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.evaluation.ratings.accuracy import examine
from onstage.evaluation.ratings.folds import k_folds
from onstage.evaluation.summary import value_of
from onstage.models.als import AlsConfig
from onstage.models.bpr import BprConfig
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.ease import EaseConfig
from onstage.models.ratings.knn_baseline import KnnBaselineConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.models.ratings.svdpp import SvdppConfig
from onstage.models.ratings.target import Ratings
from onstage.models.sequence.config import SasrecConfig
from onstage.seeds import generator
from onstage.splitting.holdout import Holdout


Found = dict[str, float]
DEPTHS: Final = (10, 20, 50, 100)
K: Final = 10


@dataclass(frozen=True)
class Experiment:
    """One protocol on one data set, for some models.

    Attributes
    ----------
    data
        Release of MovieLens.
    models
        By the name that the claims use.
    run
        From the ratings, a configuration and a seed to values by key.
    """

    data: str
    models: Mapping[str, ModelConfig]
    run: Callable[[pd.DataFrame, ModelConfig, int], Found]


def five_folds(table: pd.DataFrame, config: ModelConfig, seed: int) -> Found:
    """Mean RMSE and MAE of five folds."""
    ratings = Ratings.of(dataset_of(table), "rating")
    folds = k_folds(ratings, 5, generator(seed, "published", "folds"))
    found = [examine(config, fold, seed)[0] for fold in folds]
    return {name: float(np.mean([getattr(one, name) for one in found])) for name in ("rmse", "mae")}


def top_ten(table: pd.DataFrame, config: ModelConfig, seed: int) -> Found:
    """A quarter of the ratings at random, ranked among what the user has not rated."""
    exam = random_share(dataset_of(table), 0.25, generator(seed, "published", "share"))
    events = asked(config, exam, seed)
    found = values(events, "ndcg", "precision", "recall", depths=(K,))
    return found | {"map": mean_precision(events)}


def next_item(table: pd.DataFrame, config: ModelConfig, seed: int) -> Found:
    """Leave-one-out, full ranking; all ratings are interactions."""
    _, test = leave_one_out(dataset_of(table.assign(weight=1.0)))
    return values(asked(config, test, seed), "hr", "ndcg", depths=(K,))


def strangers(held_out: int) -> Callable[[pd.DataFrame, ModelConfig, int], Found]:
    """Strong generalisation with so many users in each part."""

    def run(table: pd.DataFrame, config: ModelConfig, seed: int) -> Found:
        rng = generator(seed, "published", "users")
        _, test = strong_generalisation(dataset_of(liked(table)), held_out, rng)
        return values(asked(config, test, seed), "recall", "recall_min", "ndcg", depths=DEPTHS)

    return run


def asked(config: ModelConfig, exam: Holdout, seed: int) -> EventTable:
    """Fit on the training part, and rank."""
    return evaluate(build(config).fit(exam.train, FitOptions(seed=seed)), exam, ks=DEPTHS)


def values(events: EventTable, *metrics: str, depths: tuple[int, ...]) -> Found:
    """Means over all events, by key."""
    keys = [f"{metric}_at_{k}" for metric in metrics for k in depths]
    return {key: value_of(events, key) for key in keys}


def mean_precision(events: EventTable) -> float:
    """Mean average precision at 10 divided by n, as Microsoft's does, not by min(10, n)."""
    whole = events[events["group"] == "all"]
    n = whole["n_relevant"]
    return float((whole[f"map_at_{K}"] * np.minimum(K, n) / n).mean())


RATINGS: Final[Mapping[str, ModelConfig]] = MappingProxyType(
    {
        "svd": SvdConfig(),
        "svdpp": SvdppConfig(),
        "knn_baseline": KnnBaselineConfig(similarity="msd"),  # Surprise's default
    }
)
EXPERIMENTS: Final[Mapping[str, Experiment]] = MappingProxyType(
    {
        "ratings-100k": Experiment("ml-100k", RATINGS, five_folds),
        "ratings-1m": Experiment("ml-1m", RATINGS, five_folds),
        "ranking-100k": Experiment(
            "ml-100k",
            {"bpr": BprConfig(factors=200, learning_rate=0.01, regularization=0.001)},
            top_ten,
        ),
        "sasrec-1m": Experiment(
            "ml-1m",
            {
                "sasrec": SasrecConfig(
                    window=200,
                    heads=1,
                    dropout=0.1,
                    interval="none",
                    counts=False,
                    batch=8,
                    learning_rate=0.001,
                    epochs=60,
                    patience=5,
                )
            },
            next_item,
        ),
        "strong-20m": Experiment(
            "ml-20m",
            {
                "ease": EaseConfig(regularization=500.0, max_items=25_000),
                "als": AlsConfig(
                    factors=256,
                    regularization=100.0,
                    alpha=10.0,
                    weighting="binary",
                    iterations=16,
                    fold_in=True,
                ),
            },
            strangers(10_000),
        ),
    }
)
"""By the name of their claims."""
