"""What viewers remember of whom they watched, and how strongly it draws them back."""

import numpy as np
from numpy.typing import NDArray


LASTING = 0.35
"""Part of a memory that does not fade."""
FADE_DAYS = 6.0
"""Time constant of the rest."""
FAMILIAR = 0.2
"""Weight of somebody remembered, for who is looking for somebody new."""


def recall(visits: NDArray[np.float64], age_days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strength of a memory: ``visits * (.35 + .65 exp(-age / 6 days))``."""
    return np.asarray(visits * (LASTING + (1 - LASTING) * np.exp(-age_days / FADE_DAYS)))


class Memory:
    """Whom each viewer of a block has watched so far.

    Parameters
    ----------
    viewers, most
        Shape of the tables: viewers, and most streamers one of them can remember.
    """

    def __init__(self, viewers: int, most: int) -> None:
        self.size = np.zeros(viewers, dtype=np.int64)
        self.streamer = np.full((viewers, most), -1, dtype=np.int64)
        self.broadcast = np.full((viewers, most), -1, dtype=np.int64)
        self.visits = np.zeros((viewers, most))
        self.last = np.zeros((viewers, most), dtype=np.int64)

    def remember(
        self,
        viewer: NDArray[np.int64],
        streamer: NDArray[np.int64],
        broadcast: NDArray[np.int64],
        tick: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Note one watch of each of `viewer` (each once); tell which had been watched before."""
        width = int(self.size[viewer].max(initial=0)) + 1
        same = self.streamer[viewer, :width] == streamer[:, None]
        known = same.any(axis=1)
        slot = np.where(known, same.argmax(axis=1), self.size[viewer])
        self.streamer[viewer, slot] = streamer
        self.broadcast[viewer, slot] = broadcast
        self.visits[viewer, slot] += 1
        self.last[viewer, slot] = tick
        self.size[viewer] += ~known
        return np.asarray(known)
