"""Ratings models of biases and factors: mean + user's bias + item's bias + dot product."""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.models.ratings.model import RatingConfig, RatingModel
from onstage.models.ratings.trainset import Inner
from onstage.models.state import State
from onstage.types import Positions, Scores


BiasedConfigT = TypeVar("BiasedConfigT", bound=RatingConfig)

LEARNED: Final = ("user_bias", "item_bias", "user_factors", "item_factors")


class Biased(RatingModel[BiasedConfigT]):
    r"""Estimate :math:`\mu + b_u + b_i + q_i^\top p_u` for all pairs by one matrix product.

    Attributes
    ----------
    user_factors : ndarray of float64, shape (n_users, n_factors)
    item_factors : ndarray of float64, shape (n_items, n_factors)
    """

    user_factors: NDArray[np.float64]
    item_factors: NDArray[np.float64]

    @property
    def _base(self) -> float:
        """What every known pair has in common; 0 in models without a mean."""
        return self._mean

    def _users_of(self, engine: Any, inner: Inner) -> NDArray[np.float64]:  # noqa: ANN401
        """Vectors of the users, by position."""
        return inner.of_users(engine.pu)

    @override
    def _copy(self, engine: Any, inner: Inner) -> None:
        self._user_bias, self._item_bias = inner.of_users(engine.bu), inner.of_items(engine.bi)
        self.user_factors = self._users_of(engine, inner)
        self.item_factors = inner.of_items(engine.qi)

    @override
    def _block(self, users: Positions, items: Positions) -> NDArray[np.float64]:
        of_users = self._base + self._user_bias[users]
        left = np.column_stack([self.user_factors[users], of_users, np.ones(len(users))])
        of_items = np.ones(len(items)), self._item_bias[items]
        right = np.column_stack([self.item_factors[items], *of_items])
        return np.asarray(left @ right.T)  # biases are two more factors

    @override
    def _pairs(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        dot = np.einsum("nf,nf->n", self.user_factors[user], self.item_factors[item])
        return np.asarray(self._base + self._user_bias[user] + self._item_bias[item] + dot)

    @override
    def _similarity(self, items: Positions) -> Scores:
        length = np.linalg.norm(self.item_factors, axis=1, keepdims=True)
        unit = self.item_factors / np.where(length > 0, length, 1)
        return np.asarray(unit[items] @ unit.T, dtype=np.float32)

    @override
    def _learned(self) -> dict[str, NDArray[Any]]:
        return {
            "user_bias": self._user_bias,
            "item_bias": self._item_bias,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
        }

    @override
    def _relearn(self, state: State) -> None:
        self._user_bias, self._item_bias, self.user_factors, self.item_factors = (
            state[name] for name in LEARNED
        )
