"""A user's and an item's deviation from the mean: what a ratings model must beat."""

from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt
from typing_extensions import override

from onstage.models.ratings.biased import Biased
from onstage.models.ratings.model import RatingConfig
from onstage.models.ratings.trainset import Inner
from onstage.types import Positions, Scores


class BaselineOptions(RatingConfig):
    """How biases are estimated by alternating least squares."""

    baseline_epochs: PositiveInt = 10
    """Rounds of solving for all items, then for all users."""
    reg_u: NonNegativeFloat = 15.0
    """L2 penalty on the users' biases."""
    reg_i: NonNegativeFloat = 10.0
    """L2 penalty on the items' biases."""

    @property
    def bsl_options(self) -> dict[str, Any]:
        """As Surprise calls them."""
        return {
            "method": "als",
            "n_epochs": self.baseline_epochs,
            "reg_u": self.reg_u,
            "reg_i": self.reg_i,
        }


class BaselineOnlyConfig(BaselineOptions):
    """Configuration of :class:`BaselineOnly`."""

    algorithm: Literal["baseline_only"] = "baseline_only"


class BaselineOnly(Biased[BaselineOnlyConfig]):
    r"""Estimate :math:`\mu + b_u + b_i`, Surprise's ``BaselineOnly``: one order for everyone.

    References
    ----------
    Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD 2010,
    section 2.1.
    """

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import BaselineOnly as Engine

        return Engine(bsl_options=self.config.bsl_options, verbose=False)

    @override
    def _copy(self, engine: Any, inner: Inner) -> None:
        self._user_bias, self._item_bias = inner.of_users(engine.bu), inner.of_items(engine.bi)
        self.user_factors = np.zeros((inner.n_users, 0))
        self.item_factors = np.zeros((inner.n_items, 0))

    @override
    def _similarity(self, items: Positions) -> Scores:
        return super(Biased, self)._similarity(items)
