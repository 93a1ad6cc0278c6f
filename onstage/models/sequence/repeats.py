"""What each candidate meant to the user within the window: since when, and how often."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from onstage.data.clock import Clock
from onstage.models.sequence.windows import Batch
from onstage.types import Positions


STEP_SECONDS: Final = 600
EDGES: Final = (0, *range(77, 3102, 144))
"""In steps of ten minutes: half a day, then whole days, up to three weeks."""
BUCKETS: Final = len(EDGES) + 2
"""0: not in the window; 1: in the same tick; then the edges' intervals, right-closed."""
COUNTS: Final = 8
"""0, 1, 2, 3-4, 5-8, 9-16, 17-32, more."""


@dataclass(frozen=True)
class Repeats:
    """Buckets of candidates, given what stands before them.

    Attributes
    ----------
    edges : ndarray of float64
        Ticks.
    which
        The occurrence that counts.
    """

    edges: NDArray[np.float64]
    which: Literal["none", "oldest", "last"]

    @classmethod
    def on(cls, clock: Clock, which: Literal["none", "oldest", "last"]) -> "Repeats":
        """With the edges in ticks of `clock`."""
        return cls(np.array([clock.span(seconds=STEP_SECONDS * edge) for edge in EDGES]), which)

    def of(self, batch: Batch, candidates: Positions) -> tuple[Positions, Positions]:
        """Interval bucket and count bucket of each candidate of each target.

        Parameters
        ----------
        candidates : ndarray of int64, shape (n_targets, n)
            Tokens; 0 is nobody.

        Returns
        -------
        intervals, counts : ndarray of int64, shape (n_targets, n)
            Below :data:`BUCKETS` and :data:`COUNTS`; 0 where it is not in the window.
        """
        width = batch.tokens.shape[1]
        ahead = np.arange(width) > batch.column[:, None]
        before = batch.tokens[batch.line].astype(np.int32)
        before[ahead | (before == 0)] = -1
        same = candidates.astype(np.int32)[:, :, None] == before[:, None, :]
        count = same.view(np.int8).sum(axis=2, dtype=np.int16).astype(np.int64)
        if self.which == "oldest":
            place = same.argmax(axis=2)
        else:
            place = width - 1 - same[:, :, ::-1].argmax(axis=2)
        since = batch.at[:, None] - batch.times[batch.line[:, None], place]
        interval = np.where(count > 0, np.searchsorted(self.edges, since) + 1, 0)
        often = np.ceil(np.log2(np.maximum(count, 1))).astype(np.int64) + 1
        return interval, np.where(count > 0, np.minimum(often, COUNTS - 1), 0)
