"""Models of two factor matrices: a user's score of an item is their dot product."""

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import FitError
from onstage.models.base import Recommender
from onstage.models.core import ConfigT
from onstage.models.pairs import Pairs
from onstage.models.state import State
from onstage.types import Positions, Scores


class FactorModel(Recommender[ConfigT]):
    """Score with ``user_factors @ item_factors.T``; compare items by the cosine of their factors.

    Subclasses learn :attr:`user_factors` and :attr:`item_factors`.

    Attributes
    ----------
    user_factors : ndarray of float32, shape (n_users, n_dimensions)
    item_factors : ndarray of float32, shape (n_items, n_dimensions)
    """

    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    def _users(self, requests: Requests) -> NDArray[np.float32]:
        """The vector of each request's user, shape (n_requests, n_dimensions)."""
        return self.user_factors[requests.users]

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        scores = self._users(requests) @ self.item_factors.take(items, axis=0).T
        return np.asarray(scores, dtype=np.float32)

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        scores = np.empty(len(some.item), dtype=np.float32)
        bounds = some.bounds.tolist()
        with np.errstate(invalid="ignore"):  # set now and then by BLAS, for numbers it never stores
            for user, start, stop in zip(self._users(requests), bounds, bounds[1:], strict=False):
                candidates = self.item_factors.take(some.item[start:stop], axis=0)
                np.dot(candidates, user, out=scores[start:stop])
        return scores

    @override
    def _similarity(self, items: Positions) -> Scores:
        length = np.linalg.norm(self.item_factors, axis=1, keepdims=True)
        unit = self.item_factors / np.where(length > 0, length, 1)
        return np.asarray(unit[items] @ unit.T, dtype=np.float32)

    @override
    def _state(self) -> State:
        return {"user_factors": self.user_factors, "item_factors": self.item_factors}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self.user_factors = state["user_factors"]
        self.item_factors = state["item_factors"]

    def _check_finite(self) -> None:
        if not (np.isfinite(self.user_factors).all() and np.isfinite(self.item_factors).all()):
            raise FitError(diverged(self.config.algorithm))


def diverged(algorithm: str) -> str:
    """The one message for factors that are not numbers any more."""
    return f"{algorithm}: factors are not finite; use more regularization or smaller weights"
