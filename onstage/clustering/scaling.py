"""Columns of different units made comparable, and back."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray


ScalingName = Literal["log", "robust", "raw"]


@dataclass(frozen=True, eq=False)
class Scaling:
    """A fitted transformation ``(f(x) - shift) / scale``, invertible.

    ``f`` is ``sign(x) log(1 + |x|)`` for ``log`` and the identity otherwise.

    Attributes
    ----------
    shift, scale : ndarray of float64, shape (n_columns,)
        ``scale`` is 1 where a column is constant, so it becomes 0 for every row.
    """

    name: ScalingName
    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, name: ScalingName, features: pd.DataFrame) -> Self:
        """Learn shift and scale from a table without missing values."""
        values = _shape(name, features.to_numpy(dtype=np.float64))
        if name == "raw":
            return cls(name, np.zeros(values.shape[1]), np.ones(values.shape[1]))
        if name == "robust":
            low, middle, high = np.percentile(values, [25, 50, 75], axis=0)
            spread = np.where(high > low, high - low, values.std(axis=0))
            return cls(name, middle, _nonzero(spread, values))
        return cls(name, values.mean(axis=0), _nonzero(values.std(axis=0), values))

    def apply(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Transform a table, shape (n_rows, n_columns)."""
        values = _shape(self.name, features.to_numpy(dtype=np.float64))
        return np.asarray((values - self.shift) / self.scale, dtype=np.float64)

    def undo(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert back to original units."""
        values = scaled * self.scale + self.shift
        if self.name != "log":
            return np.asarray(values, dtype=np.float64)
        return np.asarray(np.sign(values) * np.expm1(np.abs(values)), dtype=np.float64)


def _shape(name: ScalingName, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if name != "log":
        return values
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float64)


def _nonzero(spread: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put 1 where a column is constant."""
    return np.where(np.ptp(values, axis=0) > 0, spread, 1.0)
