"""Factorization of ratings into factors that are never negative."""

from typing import Any, ClassVar, Literal

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from typing_extensions import override

from onstage.errors import ContractError
from onstage.models.ratings.biased import Biased
from onstage.models.ratings.model import RatingConfig
from onstage.models.ratings.target import Ratings


class NmfConfig(RatingConfig):
    """Configuration of :class:`Nmf`."""

    algorithm: Literal["nmf"] = "nmf"
    n_factors: PositiveInt = 15
    """Length of a user's and an item's vector."""
    n_epochs: PositiveInt = 50
    """Rounds over all ratings."""
    biased: bool = False
    """Whether there are a mean and biases. With them it overfits sooner."""
    reg_pu: NonNegativeFloat = 0.06
    """L2 penalty on the users' factors."""
    reg_qi: NonNegativeFloat = 0.06
    """L2 penalty on the items' factors."""
    reg_bu: NonNegativeFloat = 0.02
    """L2 penalty on the users' biases; used where `biased`."""
    reg_bi: NonNegativeFloat = 0.02
    """L2 penalty on the items' biases; used where `biased`."""
    lr_bu: PositiveFloat = 0.005
    """Step of the users' biases; used where `biased`."""
    lr_bi: PositiveFloat = 0.005
    """Step of the items' biases; used where `biased`."""


class Nmf(Biased[NmfConfig]):
    r"""Estimate :math:`q_i^\top p_u` with factors of 0 or more, Surprise's ``NMF``.

    References
    ----------
    Luo, Zhou, Xia, Zhu, "An Efficient Non-Negative Matrix-Factorization-Based Approach to
    Collaborative Filtering for Recommender Systems", IEEE Trans. Industrial Informatics 2014.
    """

    stochastic: ClassVar[bool] = True

    @property
    @override
    def _base(self) -> float:
        return self._mean if self.config.biased else 0.0

    @override
    def _prepared(self, ratings: Ratings) -> Ratings:
        low = ratings.scale[0]
        if low < 0:
            message = (
                f"nmf: the smallest target is {low:g}, and factors of 0 or more cannot make it; "
                "use another algorithm, or a target that is never below 0"
            )
            raise ContractError(message)
        return ratings

    @override
    def _engine(self, seed: int) -> Any:
        from surprise import NMF

        return NMF(**self.config.model_dump(exclude={"algorithm", "target"}), random_state=seed)
