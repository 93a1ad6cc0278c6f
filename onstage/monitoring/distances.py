"""How far two samples are apart: 0 is the same, whatever their sizes."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray


BINS: Final = 10
"""Bins of equal share in the reference."""
HALF: Final = 0.5
"""Added to every count, so that an empty bin has a logarithm."""


def change(now: float, usual: float) -> float:
    """Absolute logarithm of a ratio: 0.25 up and 0.2 down are as far. 0 where both are 0.

    ``inf`` where only one is 0.
    """
    if now == usual:
        return 0.0
    return abs(math.log(now / usual)) if now > 0 and usual > 0 else math.inf


def h(now: float, usual: float) -> float:
    """Cohen's h, the effect size of two proportions: 0 is the same, pi is 0 against 1.

    ``|2 asin sqrt(p) - 2 asin sqrt(q)|``, finite where a share is 0. By custom 0.2 is small, 0.5
    medium and 0.8 large.

    References
    ----------
    Cohen, "Statistical Power Analysis for the Behavioral Sciences", second edition 1988, chapter 6.
    """
    return abs(2 * math.asin(math.sqrt(now)) - 2 * math.asin(math.sqrt(usual)))


def psi(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Population stability index over the reference's deciles.

    ``sum (a - e) ln(a / e)`` over bins, ``e`` being the reference's share and ``a`` the sample's;
    half a row is added to each bin. By custom below 0.1 is stable and above 0.25 a shift.

    References
    ----------
    Siddiqi, "Credit Risk Scorecards", 2006; Yurdakul and Naranjo, "Statistical properties of the
    population stability index", Journal of Risk Model Validation 2020.
    """
    inner = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    expected, actual = (_shares(_binned(inner, values)) for values in (reference, sample))
    return float(((actual - expected) * np.log(actual / expected)).sum())


def ks(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Kolmogorov-Smirnov statistic: the largest gap between two distribution functions, 0 to 1.

    References
    ----------
    Smirnov, "Table for estimating the goodness of fit of empirical distributions", Annals of
    Mathematical Statistics 1948; computed by SciPy.
    """
    from scipy.stats import ks_2samp  # noqa: PLC0415  # heavy

    return float(ks_2samp(reference, sample, method="asymp").statistic)


def js(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Jensen-Shannon distance of two rows of counts, base 2: 0 is the same, 1 nothing in common.

    The root of the divergence, which is a metric.

    References
    ----------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory
    1991; Endres and Schindelin, "A new metric for probability distributions", same 2003.
    """
    from scipy.spatial.distance import jensenshannon  # noqa: PLC0415  # heavy

    return float(np.nan_to_num(jensenshannon(reference, sample, base=2)))  # a root of -1e-17


def _binned(inner: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    places = np.searchsorted(inner, values, side="left")
    return np.bincount(places, minlength=len(inner) + 1)


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray((counts + HALF) / (counts.sum() + HALF * len(counts)))
