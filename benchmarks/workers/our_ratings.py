"""Onstage: fit SVD on ratings. Arguments: file of ratings, number of factors, seed."""

import sys

import numpy as np
from turn import answer

from onstage.models.ratings.svd import Svd, SvdConfig
from onstage.models.ratings.target import Ratings


path, factors, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with np.load(path) as stored:
    sizes = int(stored["n_users"]), int(stored["n_items"])
    ratings = Ratings(stored["user"], stored["item"], stored["value"], *sizes)


def fit() -> None:
    """Fit once, Surprise's training set included."""
    Svd(SvdConfig(n_factors=factors)).learn(ratings, seed)


answer(fit)
