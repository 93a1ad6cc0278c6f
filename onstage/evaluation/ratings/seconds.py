"""From logarithms back to seconds: the bias of exp, and two corrections."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.evaluation.ratings.accuracy import rmse


@dataclass(frozen=True)
class Retransformation:
    r"""What the exponential of an estimated logarithm must be multiplied by.

    A model of :math:`\ln y` estimates :math:`E[\ln y]`, and :math:`\exp(E[\ln y])` is below
    :math:`E[y]` (Jensen): it is a median, not a mean. With residuals :math:`e = \ln y - \hat{\ln
    y}`,

    * ``smearing`` is :math:`\frac{1}{n} \sum \exp(e_i)`, whatever their distribution;
    * ``lognormal`` is :math:`\exp(\sigma^2 / 2)`, right if they are normal.

    Take the residuals from folds that were not learned: those of the training are too small.

    References
    ----------
    Duan, "Smearing Estimate: A Nonparametric Retransformation Method", JASA 1983.
    """

    smearing: float
    lognormal: float
    n: int

    @classmethod
    def of(cls, residuals: NDArray[np.float64]) -> "Retransformation":
        """Measure both factors on residuals in log space, truth - estimate."""
        variance = float(np.var(residuals))
        smearing = float(np.mean(np.exp(residuals)))
        return cls(smearing, float(np.exp(variance / 2)), len(residuals))


@dataclass(frozen=True)
class SecondsAccuracy:
    """Errors in seconds (or the weight's unit) of estimates in log space.

    Attributes
    ----------
    rmse, mae
        Root mean squared and mean absolute error.
    bias
        Sum of the estimates over sum of the truths, minus 1: -0.3 is 30 % too little.
    """

    rmse: float
    mae: float
    bias: float


def in_seconds(
    truth: NDArray[np.float64], estimate: NDArray[np.float64], factor: float = 1.0
) -> SecondsAccuracy:
    """Measure ``factor * exp(estimate)`` against ``exp(truth)``; both given in log space."""
    real, made = np.exp(truth), factor * np.exp(estimate)
    errors = made - real
    return SecondsAccuracy(
        rmse(errors), float(np.mean(np.abs(errors))), float(made.sum() / real.sum() - 1.0)
    )
