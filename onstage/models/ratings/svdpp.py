"""Matrix factorization of ratings that also looks at which items a user rated."""

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from scipy import sparse
from typing_extensions import override

from onstage.models.ratings.biased import Biased
from onstage.models.ratings.model import RatingConfig
from onstage.models.ratings.trainset import Inner


class SvdppConfig(RatingConfig):
    """Configuration of :class:`Svdpp`."""

    algorithm: Literal["svdpp"] = "svdpp"
    n_factors: PositiveInt = 20
    """Length of a user's and an item's vector."""
    n_epochs: PositiveInt = 20
    """Rounds over all ratings."""
    lr_all: PositiveFloat = 0.007
    """Step of the gradient, of all parameters."""
    reg_all: NonNegativeFloat = 0.02
    """L2 penalty, on all parameters."""
    init_std_dev: PositiveFloat = 0.1
    """Standard deviation of the factors at the start; their mean is 0."""


class Svdpp(Biased[SvdppConfig]):
    r"""Estimate :math:`\mu + b_u + b_i + q_i^\top (p_u + |I_u|^{-1/2} \sum_{j \in I_u} y_j)`.

    Surprise's ``SVDpp``. The items :math:`I_u` are those of the training, so the sum is a user's
    constant: it is added to :math:`p_u` once, and ranking costs what it costs with ``svd``. Fitting
    takes the sum over users of the squared number of their ratings.

    References
    ----------
    Koren, "Factorization Meets the Neighborhood", KDD 2008, equation 15.
    """

    stochastic: ClassVar[bool] = True

    @override
    def _users_of(self, engine: Any, inner: Inner) -> NDArray[np.float64]:
        ratings = self._ratings
        rated = sparse.csr_matrix(
            (np.ones(len(ratings)), (ratings.user, ratings.item)),
            shape=(ratings.n_users, ratings.n_items),
        )
        size = np.maximum(np.bincount(ratings.user, minlength=ratings.n_users), 1)
        implicit = rated @ inner.of_items(engine.yj) / np.sqrt(size)[:, None]
        return np.asarray(inner.of_users(engine.pu) + implicit)

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import SVDpp

        settings = self.config.model_dump(exclude={"algorithm", "target"})
        return SVDpp(**settings, cache_ratings=True, random_state=seed)
