"""What was live at each target: negatives come from here and from nowhere else."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.types import Positions, Ticks


@dataclass(frozen=True, eq=False)
class LiveSets:
    """The live set of each row's time, as *tokens*: item positions from 1, 0 is nothing.

    Attributes
    ----------
    indptr, items : ndarray of int64
        Set ``s`` is ``items[indptr[s]:indptr[s + 1]]``: tokens, ascending.
    of : ndarray of int64, shape (n_rows,)
        The set of each row.
    n_tokens
        One more than the number of items.
    """

    indptr: Positions
    items: Positions
    of: Positions
    n_tokens: int

    @classmethod
    def at(cls, availability: AvailabilityIndex | None, n_items: int, times: Ticks) -> "LiveSets":
        """The live sets at `times`; everything, always, without an index."""
        index = availability or AvailabilityIndex.everything(n_items)
        return cls.from_candidates(index.candidates(times), n_items)

    @classmethod
    def from_candidates(cls, candidates: Candidates, n_items: int) -> "LiveSets":
        """The candidate sets, exclusions left aside."""
        return cls(candidates.indptr, candidates.items + 1, candidates.of, n_items + 1)

    @cached_property
    def _keys(self) -> Positions:
        sets = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return sets * self.n_tokens + self.items

    @property
    def largest(self) -> int:
        """Size of the largest set."""
        return int(np.diff(self.indptr).max(initial=0))

    def sizes(self, sets: Positions) -> Positions:
        """How many are live, shape of `sets`."""
        return np.asarray(self.indptr[sets + 1] - self.indptr[sets])

    def places(self, sets: Positions, tokens: Positions) -> tuple[Positions, NDArray[np.bool_]]:
        """Where each token stands, or would stand, within its set, and whether it is there."""
        wanted = sets * self.n_tokens + tokens
        found = np.searchsorted(self._keys, wanted)
        there = self._keys[np.minimum(found, len(self._keys) - 1)] == wanted
        return found - self.indptr[sets], there & (found < len(self._keys))

    def draw(
        self, sets: Positions, positives: Positions, n: int, rng: np.random.Generator
    ) -> Positions:
        """Draw `n` places of each set with replacement, never the positive's.

        Returns
        -------
        ndarray of int64, shape (len(sets), n)
            -1 where nobody else is live.
        """
        place, there = self.places(sets, positives)
        others = self.sizes(sets) - there
        drawn = (rng.random((len(sets), n)) * others[:, None]).astype(np.int64)
        drawn += there[:, None] & (drawn >= place[:, None])
        return np.where(others[:, None] > 0, drawn, -1)

    def tokens(self, sets: Positions, places: Positions) -> Positions:
        """Who stands at `places` (n, m) of each set; 0 at places below 0."""
        rows = np.minimum(self.indptr[sets][:, None] + places, max(len(self.items) - 1, 0))
        return np.where(places >= 0, self.items[rows], 0)

    def padded(self, sets: Positions) -> Positions:
        """All that is live, padded right with 0, shape (len(sets), largest of them)."""
        sizes = self.sizes(sets)
        columns = np.arange(int(sizes.max(initial=0)))
        rows = np.minimum(self.indptr[sets][:, None] + columns, max(len(self.items) - 1, 0))
        return np.where(columns < sizes[:, None], self.items[rows], 0)
