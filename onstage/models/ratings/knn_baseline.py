"""Neighbours around the baselines."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.models.ratings.neighbours import Neighbours, NeighboursConfig
from onstage.models.ratings.trainset import Inner
from onstage.types import Positions


class KnnBaselineConfig(NeighboursConfig):
    """Configuration of :class:`KnnBaseline`."""

    algorithm: Literal["knn_baseline"] = "knn_baseline"
    similarity: Literal["msd", "cosine", "pearson", "pearson_baseline"] = "pearson_baseline"
    """Computed over what two of them have in common; ``pearson_baseline`` was made for this model,
    ``msd`` is Surprise's default."""


class KnnBaseline(Neighbours[KnnBaselineConfig]):
    r"""Estimate :math:`b_{ui} + \sum_v sim(u, v) (r_{vi} - b_{vi}) / \sum_v sim(u, v)`.

    With the baselines :math:`b_{ui} = \mu + b_u + b_i`. Surprise's ``KNNBaseline``.

    References
    ----------
    Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD 2010,
    equation 3.
    """

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import KNNBaseline

        config = self.config
        options: dict[str, Any] = {"sim_options": self._sim_options, "verbose": False}
        return KNNBaseline(config.k, config.min_k, bsl_options=config.bsl_options, **options)

    @override
    def _copy_base(self, engine: Any, inner: Inner) -> None:
        self._user_bias, self._item_bias = inner.of_users(engine.bu), inner.of_items(engine.bi)
        self._base = np.empty(0)

    @override
    def _deviations(self) -> NDArray[np.float64]:
        user, item = self._ratings.user, self._ratings.item
        return self._ratings.value - self._mean - self._user_bias[user] - self._item_bias[item]

    @override
    def _start(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        user, item = (x, y) if self.config.user_based else (y, x)
        return np.asarray(self._mean + self._user_bias[user] + self._item_bias[item])
