"""Neighbours around the means."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.models.ratings.neighbours import Neighbours, NeighboursConfig
from onstage.models.ratings.trainset import Inner
from onstage.types import Positions


class KnnMeansConfig(NeighboursConfig):
    """Configuration of :class:`KnnMeans`."""

    algorithm: Literal["knn_means"] = "knn_means"


class KnnMeans(Neighbours[KnnMeansConfig]):
    r"""Estimate :math:`\mu_u + \sum_v sim(u, v) (r_{vi} - \mu_v) / \sum_v sim(u, v)`.

    Over the `k` nearest who rated item i; or with users and items exchanged. Surprise's
    ``KNNWithMeans``.
    """

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import KNNWithMeans

        config = self.config
        options: dict[str, Any] = {"sim_options": self._sim_options, "verbose": False}
        return KNNWithMeans(config.k, config.min_k, bsl_options=config.bsl_options, **options)

    @override
    def _copy_base(self, engine: Any, inner: Inner) -> None:
        of = inner.of_users if self.config.user_based else inner.of_items
        self._base = of(np.asarray(engine.means))

    @override
    def _deviations(self) -> NDArray[np.float64]:
        ratings = self._ratings
        x = ratings.user if self.config.user_based else ratings.item
        return ratings.value - self._base[x]

    @override
    def _start(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        return self._base[x]
