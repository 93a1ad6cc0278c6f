"""Groups of users and groups of items, found together."""

from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt
from typing_extensions import override

from onstage.models.ratings.grid import GridConfig, OnGrid
from onstage.models.ratings.trainset import Inner
from onstage.models.state import State
from onstage.types import Positions


LEARNED: Final = ("user_cluster", "item_cluster", "user_offset", "item_offset", "block_mean")


class CoClusteringConfig(GridConfig):
    """Configuration of :class:`CoClustering`."""

    algorithm: Literal["co_clustering"] = "co_clustering"
    n_cltr_u: PositiveInt = 3
    """Groups of users."""
    n_cltr_i: PositiveInt = 3
    """Groups of items."""
    n_epochs: PositiveInt = 20
    """Rounds of regrouping."""


class CoClustering(OnGrid[CoClusteringConfig]):
    r"""Estimate :math:`\bar C_{ui} + (\mu_u - \bar C_u) + (\mu_i - \bar C_i)`.

    The mean of the block of both groups, and how far the user and the item are from the means of
    their groups. Surprise's ``CoClustering``.

    References
    ----------
    George, Merugu, "A Scalable Collaborative Filtering Framework Based on Co-Clustering", ICDM
    2005.
    """

    stochastic: ClassVar[bool] = True

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import CoClustering as Engine

        config = self.config
        return Engine(config.n_cltr_u, config.n_cltr_i, config.n_epochs, random_state=seed)

    @override
    def _copy(self, engine: Any, inner: Inner) -> None:
        size = float(self.config.grid)
        self._user_cluster = inner.of_users(engine.cltr_u).astype(np.int64)
        self._item_cluster = inner.of_items(engine.cltr_i).astype(np.int64)
        user_offset = engine.user_mean - engine.avg_cltr_u[engine.cltr_u]
        item_offset = engine.item_mean - engine.avg_cltr_i[engine.cltr_i]
        self._user_offset = inner.of_users(user_offset / size)
        self._item_offset = inner.of_items(item_offset / size)
        self._block_mean = np.asarray(engine.avg_cocltr) / size

    @override
    def _block(self, users: Positions, items: Positions) -> NDArray[np.float64]:
        mean = self._block_mean[np.ix_(self._user_cluster[users], self._item_cluster[items])]
        return mean + self._user_offset[users][:, None] + self._item_offset[items]

    @override
    def _pairs(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        mean = self._block_mean[self._user_cluster[user], self._item_cluster[item]]
        return mean + self._user_offset[user] + self._item_offset[item]

    @override
    def _learned(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, f"_{name}") for name in LEARNED}

    @override
    def _relearn(self, state: State) -> None:
        for name in LEARNED:
            setattr(self, f"_{name}", state[name])
