"""Who is live at each step, and a random one among them in one lookup."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.data.requests import ragged
from onstage.data.simulate.broadcasts import Broadcasts
from onstage.data.simulate.streamers import Streamers


@dataclass(frozen=True)
class LiveTable:
    """Who is live at each step, grouped by cell (community and genre), ready for drawing.

    Attributes
    ----------
    first : ndarray of int64, shape (horizon * n_cells + 1,)
        Row range of each (step, cell), as in CSR.
    broadcast : ndarray of int32, shape (n_rows,)
    reach : ndarray of float64, shape (n_rows + 1,)
        Running total of the weights.
    """

    cells: int
    first: NDArray[np.int64]
    broadcast: NDArray[np.int32]
    reach: NDArray[np.float64]

    def totals(self, step: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weight of each cell at each of `step`, shape (n_steps, n_cells)."""
        edges = self.first[step[:, None] * self.cells + np.arange(self.cells + 1)]
        return np.diff(self.reach[edges], axis=1)

    def draw(
        self, step: NDArray[np.int64], cell: NDArray[np.int64], uniform: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Draw one live broadcast of `cell` at `step`, by weight."""
        at = step * self.cells + cell
        low, high = self.first[at], self.first[at + 1]
        target = self.reach[low] + uniform * (self.reach[high] - self.reach[low])
        found = np.searchsorted(self.reach, target, side="right") - 1
        return np.asarray(self.broadcast[np.clip(found, low, high - 1)], dtype=np.int64)

    def live(self, step: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Broadcasts live at one step and their weights."""
        low, high = self.first[step * self.cells], self.first[(step + 1) * self.cells]
        weights = np.diff(self.reach[low : high + 1])
        return self.broadcast[low:high].astype(np.int64), weights


def make_live_table(broadcasts: Broadcasts, streamers: Streamers, cells: int) -> LiveTable:
    """Expand the broadcasts to steps, a few hundred steps at a time."""
    begin = np.maximum(broadcasts.start, 0)
    size = int((broadcasts.stop - begin).sum())
    table = np.empty(size, dtype=np.int32)
    reach = np.zeros(size + 1)
    counts = np.zeros(broadcasts.horizon * cells, dtype=np.int64)
    cell, filled = streamers.cell, 0
    for low in range(0, broadcasts.horizon, 256):
        high = min(low + 256, broadcasts.horizon)
        inside = np.flatnonzero((begin < high) & (broadcasts.stop > low))
        of, step = ragged(np.maximum(begin[inside], low), np.minimum(broadcasts.stop[inside], high))
        of = inside[of]
        place = step * cells + cell[broadcasts.streamer[of]]
        order = np.argsort(place, kind="stable")
        part = slice(filled, filled + len(of))
        table[part] = of[order]
        reach[part.start + 1 : part.stop + 1] = broadcasts.weight[of[order]]
        counts[low * cells : high * cells] = np.bincount(
            place - low * cells, minlength=(high - low) * cells
        )
        filled += len(of)
    np.cumsum(reach, out=reach)
    return LiveTable(cells, np.concatenate(([0], np.cumsum(counts))), table, reach)
