"""Matrix factorization that learns to rank pairs of items."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from typing_extensions import override

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import FitError
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.factors import FactorModel, diverged
from onstage.models.triples import Ascent, Triples
from onstage.models.weighting import weigh
from onstage.seeds import integer


class BprConfig(RecommenderConfig):
    """Configuration of :class:`Bpr`."""

    algorithm: Literal["bpr"] = "bpr"
    factors: PositiveInt = 64
    """Length of a user's and an item's vector, the item's bias not counted."""
    learning_rate: PositiveFloat = 0.05
    """Step of the stochastic gradient."""
    regularization: NonNegativeFloat = 0.01
    """L2 penalty on every vector and bias."""
    iterations: PositiveInt = 100
    """Epochs; each draws as many pairs as there are observed (user, item) pairs; with live
    negatives, one for each row."""
    verify_negatives: bool = True
    """Skip a drawn negative that the user did have. Off is faster and usually worse."""
    negatives: Literal["popular", "live"] = "popular"
    """``popular``: drawn from the whole catalogue in proportion to popularity. ``live``: drawn
    evenly from what was live when the user chose; an item that was not live is never a negative."""


class Bpr(FactorModel[BprConfig]):
    r"""Bayesian personalised ranking.

    Maximises :math:`\sum \ln \sigma(\hat x_{ui} - \hat x_{uj})` minus the penalties over observed
    pairs (u, i) and items j drawn in proportion to their popularity, where :math:`\hat x_{ui} =
    x_u^\top y_i + b_i`. The bias is the last column of :attr:`item_factors`; weights are ignored.

    With ``negatives: live`` the observed pairs are the rows, repeats included, each with an item
    that was live at its time, and steps are scaled by AdaGrad; where everything is always
    available, that is every item. implicit's engine cannot draw so: this one is ours, vectorised.

    Always one thread, whatever ``FitOptions.threads``: implicit's threads race on the factors, and
    the same seed would not give the same model. Fit several models at once instead.

    References
    ----------
    Rendle, Freudenthaler, Gantner, Schmidt-Thieme, "BPR: Bayesian Personalized Ranking from
    Implicit Feedback", UAI 2009. Deviation: negatives are drawn by popularity, not uniformly, as
    implicit does, or evenly from the live. AdaGrad: Duchi, Hazan, Singer, JMLR 2011.
    """

    stochastic: ClassVar[bool] = True

    @override
    def _iterate(
        self, dataset: Dataset, rng: np.random.Generator, options: FitOptions
    ) -> Iterator[None]:
        if self.config.negatives == "live":
            yield from self._iterate_live(dataset, rng, options.availability)
            return
        pairs = weigh(dataset.matrix, "binary")
        engine = self._engine()
        for _ in range(self.config.iterations):
            engine.random_state = integer(rng)
            self._epoch(engine, pairs)
            self.user_factors, self.item_factors = engine.user_factors, engine.item_factors
            yield

    def _iterate_live(
        self, dataset: Dataset, rng: np.random.Generator, availability: AvailabilityIndex | None
    ) -> Iterator[None]:
        config = self.config
        index = availability or AvailabilityIndex.everything(dataset.n_items)
        triples = Triples(dataset, index.candidates(dataset.time), verify=config.verify_negatives)
        ascent = Ascent.start(dataset, config.factors, rng)
        for _ in range(config.iterations):
            ascent.epoch(*triples.draw(rng), config.learning_rate, config.regularization)
            self.user_factors, self.item_factors = ascent.users.copy(), ascent.items.copy()
            self._check_finite()
            yield

    def _epoch(self, engine: Any, pairs: Any) -> None:  # noqa: ANN401  # implicit has no types
        from implicit.recommender_base import ModelFitError

        try:
            engine.fit(pairs, show_progress=False)
        except ModelFitError as error:
            raise FitError(diverged(self.config.algorithm)) from error

    def _engine(self) -> Any:  # noqa: ANN401  # implicit has no types
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        config = self.config
        return BayesianPersonalizedRanking(
            factors=config.factors,
            learning_rate=config.learning_rate,
            regularization=config.regularization,
            iterations=1,
            num_threads=1,
            verify_negative_samples=config.verify_negatives,
        )
