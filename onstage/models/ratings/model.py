"""What every ratings model shares: the target, Surprise's fit, estimates, and the strangers."""

import logging
from abc import abstractmethod
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import FitError
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.pairs import Pairs
from onstage.models.ratings.target import Ratings, Target, amounts
from onstage.models.ratings.trainset import Inner, trainset
from onstage.models.state import State
from onstage.seeds import integer
from onstage.types import Positions, Scores


logger = logging.getLogger(__name__)


class RatingConfig(RecommenderConfig):
    """What all ratings models share."""

    target: Target = "rating"
    """What is learned of a pair: ``rating`` its mean weight; ``log_duration`` the natural logarithm
    of the mean duration of its rows in seconds; ``log_weight`` that of its mean weight."""


RatingConfigT = TypeVar("RatingConfigT", bound=RatingConfig)


class RatingModel(Recommender[RatingConfigT]):
    """Fit with Surprise; score from the arrays it learned, never pair by pair through it.

    Scores rank and are not clipped: they are ``predict(clip=False)``. :meth:`estimates` are clipped
    to the smallest and largest target of the training, as Surprise's ``test`` clips.

    A user without training rows gets the items with the largest total: of watch seconds where the
    target is ``log_duration``, else of weight.

    Subclasses name an engine and copy what it learned, as float64 by position.
    """

    _mean: float
    _scale: tuple[float, float]
    _user_bias: NDArray[np.float64]
    _item_bias: NDArray[np.float64]
    _knows_user: NDArray[np.bool_]
    _knows_item: NDArray[np.bool_]

    @property
    def has_biases(self) -> bool:
        """Whether anything is estimated of a user or an item whose other side is unknown."""
        return bool(self._user_bias.any() or self._item_bias.any())

    def learn(self, ratings: Ratings, seed: int) -> Self:
        """Fit on `ratings` alone. Enough for :meth:`estimates`; to rank, use ``fit``.

        Raises
        ------
        FitError
            If what was learned is not finite.
        """
        if ratings.constant:
            logger.warning(
                "%s: every target is %g; there is nothing to learn but that",
                self.config.algorithm,
                ratings.value[0],
            )
        data, inner = trainset(self._prepared(ratings))
        engine = self._engine(seed)
        try:
            engine.fit(data)
        except ZeroDivisionError as error:
            raise FitError(_diverged(self.config.algorithm)) from error
        self._adopt_ratings(ratings)
        self._copy(engine, inner)
        if not all(np.isfinite(v).all() for v in self._learned().values() if v.dtype.kind == "f"):
            raise FitError(_diverged(self.config.algorithm))
        return self

    def estimates(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        """Estimate the target of pairs, as Surprise's ``test`` does.

        Parameters
        ----------
        user, item : ndarray of int64, shape (n_pairs,)
            Positions; -1 is unknown.

        Returns
        -------
        ndarray of float64, shape (n_pairs,)
            Clipped to the scale of the training. Without a known user or item: the mean and the
            bias of whichever is known, where the algorithm has biases, else the mean.
        """
        user, item = np.asarray(user, dtype=np.int64), np.asarray(item, dtype=np.int64)
        has_user = (user >= 0) & self._knows_user[user]
        has_item = (item >= 0) & self._knows_item[item]
        made = self._mean + has_user * self._user_bias[user] + has_item * self._item_bias[item]
        both = has_user & has_item
        made[both] = self._pairs(user[both], item[both])
        return np.clip(made, *self._scale)

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        self.learn(Ratings.of(dataset, self.config.target), integer(rng))

    @override
    def _fallback(self, dataset: Dataset) -> NDArray[np.float32]:
        total = np.bincount(
            dataset.item, amounts(dataset, self.config.target), minlength=dataset.n_items
        )
        return total.astype(np.float32)

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return self._block(requests.users, items).astype(np.float32)

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        return self._pairs(requests.users[some.line], some.item).astype(np.float32)

    @override
    def _state(self) -> State:
        return {"seen": np.array([self._mean, *self._scale]), **self._learned()}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._adopt_ratings(Ratings.of(dataset, self.config.target))
        mean, low, high = state["seen"].tolist()
        self._mean, self._scale = mean, (low, high)
        self._relearn(state)

    def _adopt_ratings(self, ratings: Ratings) -> None:
        self._ratings = ratings
        self._mean, self._scale = float(np.mean(ratings.value)), ratings.scale
        self._user_bias, self._item_bias = np.zeros(ratings.n_users), np.zeros(ratings.n_items)
        self._knows_user = np.bincount(ratings.user, minlength=ratings.n_users) > 0
        self._knows_item = np.bincount(ratings.item, minlength=ratings.n_items) > 0

    def _prepared(self, ratings: Ratings) -> Ratings:
        """The ratings as the engine wants them. Override where it cannot take them as they are."""
        return ratings

    @abstractmethod
    def _engine(self, seed: int) -> Any:  # noqa: ANN401  # Surprise has no types
        """Surprise's algorithm, not fitted."""

    @abstractmethod
    def _copy(self, engine: Any, inner: Inner) -> None:  # noqa: ANN401
        """Take over what a fitted engine learned, by position."""

    @abstractmethod
    def _block(self, users: Positions, items: Positions) -> NDArray[np.float64]:
        """Estimate every pair, not clipped, shape (len(users), len(items)).

        May return anything where the user or the item is not known.
        """

    @abstractmethod
    def _pairs(self, user: Positions, item: Positions) -> NDArray[np.float64]:
        """Estimate pairs, not clipped, shape (len(user),); as :meth:`_block`."""

    @abstractmethod
    def _learned(self) -> dict[str, NDArray[Any]]:
        """What :meth:`_copy` took over, as named arrays."""

    @abstractmethod
    def _relearn(self, state: State) -> None:
        """The counterpart of :meth:`_learned`."""


def _diverged(algorithm: str) -> str:
    return f"{algorithm}: estimates are not finite; use smaller steps or more regularization"
