"""How far estimates are from what they estimate, for one fold."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.errors import CapabilityError
from onstage.evaluation.ratings.folds import Fold
from onstage.models.catalog import ModelConfig, build
from onstage.models.ratings.model import RatingModel


@dataclass(frozen=True)
class Accuracy:
    """What came of one fold.

    Attributes
    ----------
    rmse, mae
        Root mean squared and mean absolute error, in the unit of the target.
    n
        Ratings asked.
    known
        Share of them whose user and item are both in the training.
    fit_seconds, test_seconds
        Wall time of learning, and of all estimates.
    """

    rmse: float
    mae: float
    n: int
    known: float
    fit_seconds: float
    test_seconds: float


def rmse(errors: NDArray[np.float64]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))


def examine(config: ModelConfig, fold: Fold, seed: int) -> tuple[Accuracy, NDArray[np.float64]]:
    """Learn the training side of a fold, and estimate the other.

    Returns
    -------
    Accuracy
    estimates : ndarray of float64, shape (n_test,)
        As :meth:`onstage.models.ratings.model.RatingModel.estimates` gives them.

    Raises
    ------
    CapabilityError
        If `config` is no ratings model.
    """
    model = build(config)
    if not isinstance(model, RatingModel):
        message = f"{config.algorithm} estimates no ratings; use svd or another ratings model"
        raise CapabilityError(message)
    began = time.perf_counter()
    model.learn(fold.train, seed)
    learned = time.perf_counter()
    estimates = model.estimates(fold.test.user, fold.test.item)
    ended = time.perf_counter()
    errors = estimates - fold.test.value
    accuracy = Accuracy(
        rmse=rmse(errors),
        mae=float(np.mean(np.abs(errors))),
        n=len(fold.test),
        known=float(np.mean(fold.known)),
        fit_seconds=learned - began,
        test_seconds=ended - learned,
    )
    return accuracy, estimates
