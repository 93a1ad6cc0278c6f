"""How steeply something grows: the slope of a line through logarithms."""

from collections.abc import Sequence

import numpy as np


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    r"""Least squares slope of :math:`\ln v` over :math:`\ln n`; nan with fewer than two sizes.

    What is the same at every size (imports, start-up) flattens the slope: pass what is above it, or
    leave small sizes out.
    """
    if len(sizes) < 2:
        return float("nan")
    x, y = np.log(np.asarray(sizes, float)), np.log(np.maximum(np.asarray(values, float), 1e-9))
    x -= x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())


def steepest(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope between the last two sizes: what the next step up will cost."""
    return exponent(sizes[-2:], values[-2:])
