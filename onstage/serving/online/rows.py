"""Interactions that arrived after the model was fitted."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onstage.types import Id, Positions, Ticks


class Row(NamedTuple):
    """One posted interaction, by identifiers: it outlives the model that saw it first."""

    user: Id
    item: Id
    time: int
    """Tick."""
    ends: int
    """Tick; `time` where nothing else is known."""
    weight: float


class Columns(NamedTuple):
    """Rows of one user, by the positions of one model."""

    item: Positions
    time: Ticks
    ends: Ticks
    weight: NDArray[np.float32]

    def followed_by(self, other: "Columns") -> "Columns":
        """The rows of both, these first."""
        return Columns(
            np.concatenate([self.item, other.item]),
            np.concatenate([self.time, other.time]),
            np.concatenate([self.ends, other.ends]),
            np.concatenate([self.weight, other.weight]),
        )

    @classmethod
    def of(cls, places: list[int], rows: list[Row]) -> "Columns":
        """Rows whose items stand at `places`."""
        return cls(
            np.array(places, dtype=np.int64),
            np.array([row.time for row in rows], dtype=np.int64),
            np.array([row.ends for row in rows], dtype=np.int64),
            np.array([row.weight for row in rows], dtype=np.float32),
        )
