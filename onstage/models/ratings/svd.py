"""Matrix factorization of ratings by stochastic gradient descent."""

from typing import Any, ClassVar, Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from typing_extensions import override

from onstage.models.ratings.biased import Biased
from onstage.models.ratings.model import RatingConfig


class SvdConfig(RatingConfig):
    """Configuration of :class:`Svd`."""

    algorithm: Literal["svd"] = "svd"
    n_factors: PositiveInt = 100
    """Length of a user's and an item's vector."""
    n_epochs: PositiveInt = 20
    """Rounds over all ratings."""
    biased: bool = True
    """Whether there are a mean and biases; without, this is probabilistic matrix factorization."""
    lr_all: PositiveFloat = 0.005
    """Step of the gradient, of all parameters."""
    reg_all: NonNegativeFloat = 0.02
    """L2 penalty, on all parameters."""
    init_std_dev: PositiveFloat = 0.1
    """Standard deviation of the factors at the start; their mean is 0."""


class Svd(Biased[SvdConfig]):
    r"""Estimate :math:`\mu + b_u + b_i + q_i^\top p_u`, Surprise's ``SVD``.

    References
    ----------
    Koren, Bell, Volinsky, "Matrix Factorization Techniques for Recommender Systems", Computer 2009,
    equation 5. Salakhutdinov, Mnih, "Probabilistic Matrix Factorization", NIPS 2008, where not
    ``biased``.
    """

    stochastic: ClassVar[bool] = True

    @property
    @override
    def _base(self) -> float:
        return self._mean if self.config.biased else 0.0

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import SVD

        return SVD(**self.config.model_dump(exclude={"algorithm", "target"}), random_state=seed)
