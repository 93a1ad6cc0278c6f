"""Where to write the names of points so that none lies upon another, or upon a point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


ANGLES: Final = np.deg2rad([0, 180, 90, 270, 30, 330, 150, 210, 60, 300, 120, 240])
"""Directions from a point to its name: right and left first, as a person would write it."""
STEP: Final = 4.0
"""Pixels from one ring of places to the next."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether the two share some area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def within(self, other: "Box") -> bool:
        """Whether no part lies outside `other`."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.bottom >= other.bottom
            and self.top <= other.top
        )


def placed(
    points: NDArray[np.float64],
    sizes: NDArray[np.float64],
    frame: Box,
    *,
    gap: float = 6.0,
) -> list[Box]:
    """Find a place for the name of every point, the nearest free one.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
        In pixels.
    sizes : ndarray of float64, shape (n, 2)
        Width and height of every name in pixels.
    frame
        What names must stay within.
    gap
        Pixels between a point and its name; also half the side of a point.

    Returns
    -------
    list of Box
        In the order of `points`. No two meet, and none meets a point, as long as `frame` has room
        for it; where it has none, the last tried place is taken.
    """
    marks = [Box(x - gap, y - gap, x + gap, y + gap) for x, y in points]
    taken: list[Box] = []
    for point, size in zip(points, sizes, strict=True):
        taken.append(_free(point, size, frame, gap, [*marks, *taken]))
    return taken


def _free(
    point: NDArray[np.float64],
    size: NDArray[np.float64],
    frame: Box,
    gap: float,
    others: Sequence[Box],
) -> Box:
    reach = max(frame.right - frame.left, frame.top - frame.bottom)
    box = _beside(point, size, gap, ANGLES[0])
    for radius in np.arange(gap, reach, STEP):
        for angle in ANGLES:
            box = _beside(point, size, float(radius), float(angle))
            if box.within(frame) and not any(box.meets(other) for other in others):
                return box
    return box


def _beside(
    point: NDArray[np.float64], size: NDArray[np.float64], radius: float, angle: float
) -> Box:
    """A name so far off in that direction, measured to its nearest edge."""
    (x, y), (width, height) = point, size
    way = np.array([np.cos(angle), np.sin(angle)])
    middle = (
        np.array([x, y]) + way * radius + np.sign(np.round(way, 6)) * np.array([width, height]) / 2
    )
    left, bottom = middle - np.array([width, height]) / 2
    return Box(float(left), float(bottom), float(left + width), float(bottom + height))
