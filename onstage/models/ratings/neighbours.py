"""Ratings models that average what similar users gave an item, or what a user gave similar ones."""

from abc import abstractmethod
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveInt
from scipy import sparse
from typing_extensions import override

from onstage.errors import CapabilityError, ConfigError
from onstage.models.ordering import best
from onstage.models.ratings.baseline_only import BaselineOptions
from onstage.models.ratings.model import RatingModel
from onstage.models.ratings.target import Ratings
from onstage.models.ratings.trainset import Inner
from onstage.models.state import State
from onstage.types import Positions, Scores


class NeighboursConfig(BaselineOptions):
    """What both models share."""

    k: PositiveInt = 40
    """Most neighbours that are averaged."""
    min_k: PositiveInt = 1
    """Fewest neighbours with a similarity above 0; with fewer, none is used."""
    similarity: Literal["msd", "cosine", "pearson", "pearson_baseline"] = "msd"
    """Computed over what two of them have in common. ``msd``: 1 / (1 + mean squared difference).
    Baselines (`baseline_epochs`, `reg_u`, `reg_i`) matter with ``pearson_baseline``."""
    min_support: PositiveInt = 1
    """Two that have less in common than this have a similarity of 0."""
    shrinkage: NonNegativeFloat = 100.0
    """With ``pearson_baseline``: how much little in common counts less."""
    user_based: bool = True
    """Average over users who rated the item; if not, over items that the user rated."""
    max_compared: PositiveInt = 12_000
    """Refuse to compare more users (or items) than this with one another: Surprise holds up to
    ``32 * n ** 2`` bytes while fitting, 4.6 GB here, and ``8 * n ** 2`` are kept."""

    @property
    def sim_options(self) -> dict[str, Any]:
        """As Surprise calls them."""
        return {
            "name": self.similarity,
            "user_based": self.user_based,
            "min_support": self.min_support,
            "shrinkage": self.shrinkage,
        }


NeighboursConfigT = TypeVar("NeighboursConfigT", bound=NeighboursConfig)


class Neighbours(RatingModel[NeighboursConfigT]):
    r"""Add the mean deviation of the `k` nearest neighbours to a base, weighted by similarity.

    Below, x is what is compared (users where ``user_based``, else items), y the other side. Of
    equally similar neighbours the first in the vocabulary counts, as in Surprise.

    Where no more than `k` gave y a rating, all its pairs at once are two matrix products.
    """

    _base: NDArray[np.float64]
    """What an x has without neighbours, by position."""
    _constant: bool

    @override
    def _prepared(self, ratings: Ratings) -> Ratings:
        n = len(np.unique(ratings.user if self.config.user_based else ratings.item))
        if n > self.config.max_compared:
            side, other = ("users", "false") if self.config.user_based else ("items", "true")
            message = (
                f"{self.config.algorithm}: {n} {side}, max_compared is {self.config.max_compared}; "
                f"raise it if there is memory, try user_based: {other}, or use svd"
            )
            raise ConfigError(message)
        self._constant = ratings.constant
        return ratings

    @property
    def _sim_options(self) -> dict[str, Any]:
        """As configured, but for a constant target, of which Surprise's pearson_baseline is 0/0."""
        options = self.config.sim_options
        return {**options, "name": "msd"} if self._constant else options

    @override
    def _copy(self, engine: Any, inner: Inner) -> None:
        self._copy_base(engine, inner)
        mine = inner.users if self.config.user_based else inner.items
        order = np.argsort(mine)
        self._similar = np.asarray(engine.sim)[np.ix_(order, order)]
        self._index()

    @abstractmethod
    def _copy_base(self, engine: Any, inner: Inner) -> None:  # noqa: ANN401
        """Take over what an estimate starts from."""

    @abstractmethod
    def _deviations(self) -> NDArray[np.float64]:
        """How far each rating is from the base of its pair, shape (n_ratings,)."""

    @abstractmethod
    def _start(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        """The base of pairs: arrays that broadcast together."""

    def _index(self) -> None:
        """Lay the ratings out by y; x by its place among those that were compared."""
        ratings, by_user = self._ratings, self.config.user_based
        x, y = (ratings.user, ratings.item) if by_user else (ratings.item, ratings.user)
        n_y = ratings.n_items if by_user else ratings.n_users
        self._trained = np.unique(x)
        rows = np.lexsort((x, y))
        self._x = np.searchsorted(self._trained, x[rows])
        self._deviation = self._deviations()[rows]
        self._bounds = np.concatenate(([0], np.cumsum(np.bincount(y, minlength=n_y))))

    def _place(self, x: Positions) -> Positions:
        """Place among the compared; anything for those that were not."""
        return np.minimum(np.searchsorted(self._trained, x), len(self._trained) - 1)

    @override
    def _block(self, users: Positions, items: Positions) -> NDArray[np.float64]:
        if self.config.user_based:
            return self._start(users[:, None], items) + self._averages(users, items)
        return (self._start(items[:, None], users) + self._averages(items, users)).T

    def _averages(self, x: Positions, y: Positions) -> NDArray[np.float64]:
        """Mean deviation of the neighbours of every pair, shape (len(x), len(y))."""
        similar = np.maximum(self._similar[self._place(x)], 0.0)
        made = np.zeros((len(x), len(y)))
        size = np.diff(self._bounds)[y]
        few = np.flatnonzero((size <= self.config.k) & (y >= 0))
        made[:, few] = self._whole(similar, y[few])
        for column in np.flatnonzero(size > self.config.k):
            rows = slice(self._bounds[y[column]], self._bounds[y[column] + 1])
            made[:, column] = self._nearest(similar[:, self._x[rows]], self._deviation[rows])
        return made

    def _whole(self, similar: NDArray[np.float64], y: Positions) -> NDArray[np.float64]:
        """All neighbours count: two products of the similarities with sparse matrices."""
        size = np.diff(self._bounds)[y]
        column = np.repeat(np.arange(len(y)), size)
        row = np.arange(size.sum()) + np.repeat(self._bounds[y] - np.cumsum(size) + size, size)
        where, shape = (column, self._x[row]), (len(y), similar.shape[1])
        deviation = sparse.csr_matrix((self._deviation[row], where), shape=shape)
        given = sparse.csr_matrix((np.ones(len(row)), where), shape=shape)
        total = (given @ similar.T).T
        enough = total > 0
        if self.config.min_k > 1:
            count = (given @ (similar > 0).T.astype(np.float64)).T
            enough &= count >= self.config.min_k
        return _divided((deviation @ similar.T).T, total, enough)

    def _nearest(
        self, similar: NDArray[np.float64], deviation: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Only the `k` most similar count; shapes (n, m) and (m,)."""
        if len(deviation) <= self.config.k:
            return self._mean_of(similar, similar * deviation)
        ties = np.zeros(similar.shape[1], dtype=np.float32)  # then the first stands first
        place = best(similar, ties, self.config.k)
        weight = np.take_along_axis(similar, place, axis=1)
        return self._mean_of(weight, weight * deviation[place])

    def _mean_of(
        self, weight: NDArray[np.float64], product: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        total = weight.sum(axis=1)
        enough = (total > 0) & (np.count_nonzero(weight, axis=1) >= self.config.min_k)
        return _divided(product.sum(axis=1), total, enough)

    @override
    def _pairs(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        x, y = (user, item) if self.config.user_based else (item, user)
        made, place = np.empty(len(x)), self._place(x)
        order = np.argsort(y, kind="stable")
        for pairs in np.split(order, np.flatnonzero(np.diff(y[order])) + 1):
            if len(pairs):
                one = int(y[pairs[0]])
                rows = slice(self._bounds[one], self._bounds[one + 1])
                near = self._similar[place[pairs][:, None], self._x[rows]]
                made[pairs] = self._nearest(np.maximum(near, 0.0), self._deviation[rows])
        return made + self._start(x, y)

    @override
    def _similarity(self, items: Positions) -> Scores:
        if self.config.user_based:
            message = f"{self.config.algorithm} compares users; set user_based: false to ask items"
            raise CapabilityError(message)
        scores = np.full((len(items), self._ratings.n_items), np.nan, dtype=np.float32)
        scores[:, self._trained] = self._similar[self._place(items)]
        return scores

    @override
    def _learned(self) -> dict[str, NDArray[Any]]:
        return {
            "similar": self._similar,
            "base": self._base,
            "user_bias": self._user_bias,
            "item_bias": self._item_bias,
        }

    @override
    def _relearn(self, state: State) -> None:
        self._similar, self._base = state["similar"], state["base"]
        self._user_bias, self._item_bias = state["user_bias"], state["item_bias"]
        self._index()


def _divided(
    total: NDArray[np.float64], by: NDArray[np.float64], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The quotient where wanted, else 0."""
    return np.asarray(np.divide(total, by, out=np.zeros_like(by), where=where))
