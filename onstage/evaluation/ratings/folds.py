"""Ratings cut into what is known and what is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.errors import SplitError
from onstage.models.ratings.target import Ratings


@dataclass(frozen=True, eq=False)
class Fold:
    """Disjoint ratings with one vocabulary."""

    train: Ratings
    test: Ratings

    @property
    def known(self) -> NDArray[np.bool_]:
        """Test ratings whose user and item are both in the training, shape (n_test,)."""
        users = np.isin(self.test.user, self.train.user)
        return np.asarray(users & np.isin(self.test.item, self.train.item))


def sampled(ratings: Ratings, n: int, rng: np.random.Generator) -> Ratings:
    """Draw `n` ratings without replacement; all of them where there are no more."""
    if n >= len(ratings):
        return ratings
    return ratings.take(np.sort(rng.choice(len(ratings), n, replace=False)))


def hold_out(ratings: Ratings, share: float, rng: np.random.Generator) -> Fold:
    """Hold out a share of the ratings, drawn at random.

    Raises
    ------
    SplitError
        If either side would be empty.
    """
    n = round(share * len(ratings))
    if n in {0, len(ratings)}:
        message = (
            f"hold-out of {share:g}: it takes {n} of {len(ratings)} ratings; "
            "some must be on each side, so give more ratings or change ratings.holdout_share"
        )
        raise SplitError(message)
    return _fold(ratings, rng.permutation(len(ratings))[:n])


def k_folds(ratings: Ratings, k: int, rng: np.random.Generator) -> list[Fold]:
    """Cut the ratings into `k` parts of equal size, to within one; each is asked once.

    Raises
    ------
    SplitError
        If `k` is less than 2, or more than there are ratings.
    """
    if not 2 <= k <= len(ratings):  # noqa: PLR2004  # one fold has nothing to learn from
        message = (
            f"{k} folds of {len(ratings)} ratings: there must be at least 2 folds, and a rating "
            "for each; change folds, or give more ratings"
        )
        raise SplitError(message)
    parts = np.array_split(rng.permutation(len(ratings)), k)
    return [_fold(ratings, part) for part in parts]


def _fold(ratings: Ratings, asked: NDArray[np.int64]) -> Fold:
    test = np.zeros(len(ratings), dtype=np.bool_)
    test[asked] = True
    return Fold(ratings.take(~test), ratings.take(test))
