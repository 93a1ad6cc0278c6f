"""Matrix factorization by alternating least squares on confidences."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveInt, model_validator
from scipy import sparse
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import FitError
from onstage.models.blas import single_blas
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.factors import FactorModel
from onstage.models.profile import has_profile
from onstage.models.spark import spark_factors
from onstage.models.state import State
from onstage.models.weighting import Weighting, weigh
from onstage.seeds import integer
from onstage.types import Positions


SMALL = 100_000
"""Pairs below which one thread is used: waking more costs more than it brings."""


class AlsConfig(RecommenderConfig):
    """Configuration of :class:`Als`."""

    algorithm: Literal["als"] = "als"
    factors: PositiveInt = 64
    """Length of a user's and an item's vector."""
    regularization: NonNegativeFloat = 0.1
    """L2 penalty on every vector."""
    iterations: PositiveInt = 15
    """Rounds of solving for all users, then for all items."""
    alpha: NonNegativeFloat = 15.0
    """Confidence that one unit of weight adds to an observed pair; an unobserved pair has 1."""
    weighting: Weighting = "log"
    """Of the sum ``w`` of a pair's weights: ``linear`` w, ``log`` ln(1 + w), ``binary`` 1."""
    fold_in: bool = False
    """Solve for the user's vector from the rows before the request instead of taking the one of the
    training: new interactions count at once, and new users are served."""
    engine: Literal["implicit", "spark"] = "implicit"
    """Who solves: ``implicit`` here, in memory; ``spark``: MLlib, on ``ONSTAGE_SPARK_MASTER``, for
    factors that one machine would take too long for. Everything after the fit is the same."""

    @model_validator(mode="after")
    def _mllib_needs_confidence(self) -> Self:
        if self.engine == "spark" and self.alpha == 0:
            message = "alpha 0 gives every pair the same confidence, which engine spark cannot do"
            raise ValueError(message)
        return self


class Als(FactorModel[AlsConfig]):
    r"""Weighted matrix factorization for implicit feedback.

    Minimises :math:`\sum_{u,i} c_{ui} (p_{ui} - x_u^\top y_i)^2 + \lambda (\sum_u \lVert x_u
    \rVert^2 + \sum_i \lVert y_i \rVert^2)` over all pairs, with :math:`p_{ui} = 1` where the pair
    was observed and 0 elsewhere, and :math:`c_{ui} = 1 + \alpha f(w_{ui})`.

    Solved by implicit's conjugate gradient, or by MLlib (:mod:`onstage.models.spark`). BLAS is
    limited to one thread meanwhile; users and items are spread over ``FitOptions.threads``. The
    same seed gives the same factors, whatever the number of threads; with Spark up to the order in
    which its partitions arrive.

    References
    ----------
    Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008: the
    objective is equation 3, ``linear`` is their confidence; ``log`` is equation 6 with
    :math:`\epsilon = 1`. Takács, Pilászy, Tikk, "Applications of the Conjugate Gradient Method for
    Implicit Feedback Collaborative Filtering", RecSys 2011: the solver.
    """

    stochastic: ClassVar[bool] = True

    _folding: Any = None

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the user was in training or, with ``fold_in``, has a row before the request."""
        if not self.config.fold_in:
            return super().knows_users(requests)
        return has_profile(self.history, requests, self.dataset)

    @override
    def _iterate(
        self, dataset: Dataset, rng: np.random.Generator, options: FitOptions
    ) -> Iterator[None]:
        if self.config.engine == "spark":
            self._learn_elsewhere(dataset, integer(rng))
            yield
            return
        confidence = self._confidence(dataset.matrix)
        transposed = confidence.T.tocsr()
        self._start(dataset, np.random.default_rng(integer(rng)))
        with single_blas():
            solve = partial(
                self._engine().solver,
                regularization=self.config.regularization,
                num_threads=_threads(confidence, options.threads),
            )
        for _ in range(self.config.iterations):
            with single_blas():
                solve(confidence, self.user_factors, self.item_factors)
                solve(transposed, self.item_factors, self.user_factors)
            self._check_finite()
            self._folding = None
            yield

    def _learn_elsewhere(self, dataset: Dataset, seed: int) -> None:
        config = self.config
        weights = weigh(dataset.matrix, config.weighting)
        weights.eliminate_zeros()
        self.user_factors, self.item_factors = spark_factors(
            weights,
            factors=config.factors,
            iterations=config.iterations,
            regularization=config.regularization,
            alpha=config.alpha,
            seed=seed,
        )
        self._check_finite()
        self._folding = None

    def _start(self, dataset: Dataset, rng: np.random.Generator) -> None:
        users, items = (
            np.float32(0.01) * rng.random((n, self.config.factors), dtype=np.float32)
            for n in (dataset.n_users, dataset.n_items)
        )
        self.user_factors, self.item_factors = users, items

    @override
    def _users(self, requests: Requests) -> NDArray[np.float32]:
        if not self.config.fold_in:
            return super()._users(requests)
        profile = self._confidence(self.history.matrix(requests, weighted=True))
        with single_blas():
            folder = self._folder()
            folder.num_threads = _threads(profile, 0)
            found = folder.recalculate_user(np.arange(len(requests)), profile)
        return np.asarray(found, dtype=np.float32)

    @override
    def _contributions(self, request: Requests, item: int) -> tuple[Positions, NDArray[np.float64]]:
        r"""Section 5 of the paper: :math:`s_{ui} = \sum_j y_i^\top W^u y_j c_{uj}`.

        With :math:`W^u = (Y^\top C^u Y + \lambda I)^{-1}`, the sum over the user's items is the
        score of the folded-in user exactly; the trained user vector is what some rounds of
        conjugate gradients made of the same equations, so its score differs a little.
        """
        profile = self._confidence(self.history.matrix(request, weighted=True))
        own, confidence = profile.indices, profile.data.astype(np.float64)
        every = np.asarray(self.item_factors, dtype=np.float64)
        mine = every[own]
        normal = every.T @ every + mine.T @ (mine * (confidence - 1)[:, None])
        normal[np.diag_indices_from(normal)] += self.config.regularization
        try:
            added = confidence * (mine @ np.linalg.solve(normal, every[item]))
        except np.linalg.LinAlgError as error:
            message = "als: the user's equations have no single solution; use more regularization"
            raise FitError(message) from error
        return own.astype(np.int64), added

    def _folder(self) -> Any:  # noqa: ANN401  # implicit has no types
        if self._folding is None:
            self._folding = self._engine()
            self._folding.item_factors = np.array(self.item_factors)
        return self._folding

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        super()._restore(dataset, state)
        self._folding = None

    def _confidence(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        confidence = weigh(weights, self.config.weighting)
        with np.errstate(over="ignore"):  # what overflows here is found in the factors
            confidence.data = 1 + np.float32(self.config.alpha) * confidence.data
        return confidence

    def _engine(self) -> Any:  # noqa: ANN401  # implicit has no types
        from implicit.cpu.als import AlternatingLeastSquares

        config = self.config
        return AlternatingLeastSquares(factors=config.factors, regularization=config.regularization)


def _threads(pairs: sparse.csr_matrix, wanted: int) -> int:
    return 1 if pairs.nnz < SMALL else wanted
