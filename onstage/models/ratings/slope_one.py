"""Mean differences between items."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveInt
from scipy import sparse
from typing_extensions import override

from onstage.errors import ConfigError
from onstage.models.ratings.grid import GridConfig, OnGrid
from onstage.models.ratings.target import Ratings
from onstage.models.ratings.trainset import Inner
from onstage.models.state import State, pack, unpack
from onstage.types import Positions


class SlopeOneConfig(GridConfig):
    """Configuration of :class:`SlopeOne`."""

    algorithm: Literal["slope_one"] = "slope_one"
    max_items: PositiveInt = 15_000
    """Refuse more rated items than this: fitting holds ``16 * n_items ** 2`` bytes, 3.6 GB here."""


class SlopeOne(OnGrid[SlopeOneConfig]):
    r"""Estimate :math:`\mu_u + \frac{1}{|R_i(u)|} \sum_{j \in R_i(u)} dev(i, j)`.

    :math:`R_i(u)` are the user's items that share a user with item i, and dev the mean difference
    of the ratings of both. Surprise's ``SlopeOne``: where the user rated i itself, it is one of
    them, with a difference of 0. Numerator and denominator are sparse matrix products.

    References
    ----------
    Lemire, Maclachlan, "Slope One Predictors for Online Rating-Based Collaborative Filtering",
    SDM 2005.
    """

    @override
    def _prepared(self, ratings: Ratings) -> Ratings:
        n = len(np.unique(ratings.item))
        if n > self.config.max_items:
            message = (
                f"slope_one: {n} rated items, max_items is {self.config.max_items}; "
                "raise it if there is memory, or use svd or baseline_only"
            )
            raise ConfigError(message)
        return super()._prepared(ratings)

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import SlopeOne as Engine

        return Engine()

    @override
    def _copy(self, engine: Any, inner: Inner) -> None:
        self._user_mean = inner.of_users(np.asarray(engine.user_mean)) / self.config.grid
        item, other = np.nonzero(engine.freq)
        difference = (engine.dev[item, other] / self.config.grid).astype(np.float32)
        self._differences = sparse.csr_matrix(
            (difference, (inner.items[item], inner.items[other])),
            shape=(inner.n_items, inner.n_items),
        )
        self._index()

    def _index(self) -> None:
        ratings = self._ratings
        self._rated = sparse.csr_matrix(
            (np.ones(len(ratings)), (ratings.user, ratings.item)),
            shape=(ratings.n_users, ratings.n_items),
        )
        self._shared = self._differences.copy()  # explicit zeros stay: they are shared too
        self._shared.data = np.ones_like(self._shared.data)

    @override
    def _block(self, users: Positions, items: Positions) -> NDArray[np.float64]:
        rated = self._rated[users].T.tocsc()
        total = (self._differences[items] @ rated).T.toarray()
        count = (self._shared[items] @ rated).T.toarray()
        return np.asarray(self._user_mean[users][:, None] + total / np.maximum(count, 1))

    @override
    def _pairs(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        made = np.empty(len(user))
        order = np.argsort(user, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(user[order])) + 1):
            if len(rows):
                made[rows] = self._block(user[rows[:1]], item[rows])[0]
        return made

    @override
    def _learned(self) -> dict[str, NDArray[Any]]:
        return {"user_mean": self._user_mean, **pack(self._differences, "differences")}

    @override
    def _relearn(self, state: State) -> None:
        self._user_mean = state["user_mean"]
        self._differences = unpack(state, "differences")
        self._index()
