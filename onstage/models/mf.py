"""Matrix factorization whose loss counts only what was available."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from scipy import sparse
from typing_extensions import override

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.blas import single_blas
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.exposure import offered
from onstage.models.factors import FactorModel
from onstage.models.pairs import Pairs
from onstage.models.profile import has_profile
from onstage.models.similarity import Kernel, nearest
from onstage.models.squares import Weights, solve
from onstage.models.state import State, pack, unpack
from onstage.models.weighting import weigh
from onstage.types import Positions, Scores


class MfConfig(RecommenderConfig):
    """Configuration of :class:`Mf`."""

    algorithm: Literal["mf"] = "mf"
    factors: PositiveInt = 32
    """Length of a user's and an item's vector, the item's bias not counted."""
    regularization: PositiveFloat = 10.0
    """L2 penalty on every vector and bias."""
    iterations: PositiveInt = 10
    """Rounds of solving for all users, then for all items."""
    alpha: PositiveFloat = 10.0
    """Weight of an item that was chosen; one that was live and not chosen has 1. With 1 a score is
    the share of times the user chose the item when it was live."""
    live_sample: PositiveInt | None = 200
    """Most live items that one instant counts with, drawn evenly and weighted up; null: all. Memory
    grows with rows times this."""
    sparse_rows: NonNegativeInt = 5
    """Users with fewer training rows are answered by co-occurrence with what they had before the
    request, instead of by a vector; 0: nobody."""
    neighbours: PositiveInt = 100
    """Co-occurring items kept of each item, for `sparse_rows`."""


class Mf(FactorModel[MfConfig]):
    r"""Masked matrix factorization.

    Minimises :math:`\sum_r \sum_{i \in A(t_r)} (x_{u_r}^\top y_i + b_i - [i = i_r])^2` plus the
    penalties over all rows r, with :math:`A(t)` the items live at t: an item that was not live is
    no evidence against itself. Rows of one user add up, so (without `alpha`) the sum is
    :math:`\sum_{ui} a_{ui} (x_u^\top y_i + b_i - n_{ui} / a_{ui})^2` but for a constant: `a` counts
    rows at which the item was live, `n` those at which it was chosen. A score therefore estimates
    how likely the user chooses the item when it is live; `alpha` counts the chosen more. It is
    solved exactly, side by side, as ALS does.

    Where everything is always available, `a` is the user's number of rows. Users with few rows get
    the sum of an item's cosines to what they had, itself included (:attr:`MfConfig.sparse_rows`).

    References
    ----------
    The masked loss is that of the notebook "Twitch Recommendation System" (squared error times an
    availability mask, one step after the other); summed over steps here, and regularised. Hu,
    Koren, Volinsky, ICDM 2008, for alternating least squares with a weight for each pair.
    """

    stochastic: ClassVar[bool] = True

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the user was in training or, by co-occurrence, has a row before the request."""
        known = super().knows_users(requests)
        if self.config.sparse_rows == 0:
            return known
        met = has_profile(self.history, requests, self.dataset)
        return np.where(self._sparse(requests), met, known)

    @override
    def _iterate(
        self, dataset: Dataset, rng: np.random.Generator, options: FitOptions
    ) -> Iterator[None]:
        self._co_occurring = _co_occurring(dataset, self.config.neighbours)
        weights = self._weights(dataset, rng, options.availability)
        chosen = self.config.alpha * dataset.counts.astype(np.float64)
        users = np.zeros((dataset.n_users, self.config.factors + 1))
        items = rng.normal(scale=0.1, size=(dataset.n_items, self.config.factors + 1))
        users[:, -1], items[:, -1] = 1, 0  # the last column of the items is their bias
        back, chosen_back = weights.transposed, chosen.T.tocsr()
        for _ in range(self.config.iterations):
            with single_blas():
                vectors, bias = items[:, :-1], items[:, -1:]
                right = chosen @ vectors - weights.times(bias * vectors)
                users[:, :-1] = solve(vectors, weights, right, self.config.regularization)
                items = solve(users, back, chosen_back @ users, self.config.regularization)
            self.user_factors = users.astype(np.float32)
            self.item_factors = items.astype(np.float32)
            self._check_finite()
            yield

    def _weights(
        self, dataset: Dataset, rng: np.random.Generator, availability: AvailabilityIndex | None
    ) -> Weights:
        """Weight of each pair: rows of the user at which the item was live, the chosen more."""
        more = (self.config.alpha - 1) * dataset.counts.astype(np.float64)
        if availability is None or availability.always:
            rows = dataset.user_counts.astype(np.float64)
            return Weights(rows, np.ones(dataset.n_items), sparse.csr_matrix(more))
        offers = offered(dataset, availability, self.config.live_sample, rng)
        nothing = np.zeros(dataset.n_users), np.zeros(dataset.n_items)
        return Weights(*nothing, sparse.csr_matrix(offers + more))

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        scores = super()._score(requests, items)
        few = np.flatnonzero(self._sparse(requests))
        if len(few):
            scores[few] = self._met(requests.take(few))[:, items].toarray()
        return scores

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        scores = super()._score_pairs(requests, some)
        few = self._sparse(requests)
        if few.any():
            mine = few[some.line]
            line = (np.cumsum(few) - 1)[some.line[mine]]
            met = self._met(requests.take(np.flatnonzero(few)))
            scores[mine] = np.asarray(met[line, some.item[mine]]).ravel()
        return scores

    def _sparse(self, requests: Requests) -> NDArray[np.bool_]:
        """Whose training rows are too few for a vector, strangers included, shape (n_requests,)."""
        rows = np.append(self.dataset.user_counts, 0)[requests.users]
        return np.asarray(rows < self.config.sparse_rows)

    def _met(self, requests: Requests) -> sparse.csr_matrix:
        """Sum of each item's cosines to what the user had, shape (n_requests, n_items)."""
        profile = weigh(self.history.matrix(requests), "binary")
        return (profile @ self._co_occurring.T + profile).tocsr()

    @override
    def _state(self) -> State:
        return {**super()._state(), **pack(self._co_occurring, "co_occurring")}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        super()._restore(dataset, state)
        self._co_occurring = unpack(state, "co_occurring")


def _co_occurring(dataset: Dataset, neighbours: int) -> sparse.csr_matrix:
    items = weigh(dataset.matrix, "binary").T.tocsr()
    kernel = Kernel.of(items, "cosine", shrinkage=0.0, k1=0.0, b=0.0)
    return nearest(kernel, neighbours)
