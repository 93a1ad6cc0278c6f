"""Which items are live at an instant: an index over time."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from onstage.availability.candidates import Candidates
from onstage.columns import Columns
from onstage.contracts import WINDOWS
from onstage.data.dataset import Dataset
from onstage.data.requests import ragged
from onstage.errors import ContractError
from onstage.types import Positions, Ticks


@dataclass(frozen=True)
class AvailabilityIndex:
    """Merged half-open windows per item; ``starts <= t < ends`` is live.

    A data set without windows is always available: every item at every instant.

    Attributes
    ----------
    n_items
        Size of the item vocabulary.
    item, starts, ends : ndarray of int64, shape (n_windows,)
        Sorted by item, then start; the windows of one item are disjoint and do not touch.
    always
        True when there are no windows and everything is live.
    """

    n_items: int
    item: Positions
    starts: Ticks
    ends: Ticks
    always: bool = False

    @classmethod
    def everything(cls, n_items: int) -> Self:
        """Make the index of a catalogue that is always available."""
        empty = np.empty(0, dtype=np.int64)
        return cls(n_items, empty, empty, empty, always=True)

    @classmethod
    def from_interactions(cls, dataset: Dataset) -> Self:
        """An item is live while somebody watches it: the union of ``[time, ends)`` of its rows.

        Without ``ends`` every item is always available.
        """
        if dataset.ends is None:
            return cls.everything(dataset.n_items)
        return cls.merged(dataset.n_items, dataset.item, dataset.time, dataset.ends)

    @classmethod
    def from_windows(cls, windows: pd.DataFrame, dataset: Dataset) -> Self:
        """Index a windows table; items outside the dataset's vocabulary are left out."""
        WINDOWS.check(windows)
        item = dataset.item_positions(pd.Index(windows[Columns.ITEM]))
        known = item >= 0
        starts = dataset.clock.ticks(windows[Columns.STARTS])[known]
        ends = dataset.clock.ticks(windows[Columns.ENDS])[known]
        return cls.merged(dataset.n_items, item[known], starts, ends)

    @classmethod
    def merged(cls, n_items: int, item: Positions, starts: Ticks, ends: Ticks) -> Self:
        """Merge windows that overlap or touch.

        Raises
        ------
        ContractError
            If a window ends before or when it starts.
        """
        if len(item) == 0:
            return cls(n_items, item, starts, ends)
        bad = np.flatnonzero(ends <= starts)
        if len(bad):
            message = (
                f"windows: row {bad[0]} starts at {starts[bad[0]]} and ends at {ends[bad[0]]}; "
                "a window must end after it starts"
            )
            raise ContractError(message)
        order = np.lexsort((starts, item))
        item, starts, ends = item[order], starts[order], ends[order]
        instants = np.unique(np.concatenate([starts, ends]))  # ranks: ticks would overflow below
        opening, closing = np.searchsorted(instants, starts), np.searchsorted(instants, ends)
        reach = np.maximum.accumulate(item * len(instants) + closing)
        opens = np.ones(len(item), dtype=np.bool_)
        opens[1:] = (item * len(instants) + opening)[1:] > reach[:-1]
        first = np.flatnonzero(opens)
        last = np.append(first[1:], len(item)) - 1
        merged = instants[reach[last] - item[first] * len(instants)]
        return cls(n_items, item[first], starts[first], merged)

    def live_at(self, tick: int) -> Positions:
        """Items live at one instant: positions, ascending, each once."""
        if self.always:
            return np.arange(self.n_items)
        return np.unique(self.item[(self.starts <= tick) & (tick < self.ends)])

    def candidates(self, times: Ticks) -> Candidates:
        """The live set of each request; requests at the same instant share one.

        Parameters
        ----------
        times : ndarray of int64, shape (n_requests,)
            Ticks, in any order.

        Notes
        -----
        One binary search a window and one sort of the answer: the cost is that of what comes out.
        """
        if self.always:
            return Candidates.shared(np.arange(self.n_items), len(times))
        unique, of = np.unique(times, return_inverse=True)
        low = np.searchsorted(unique, self.starts, side="left")
        high = np.searchsorted(unique, self.ends, side="left")
        window, instant = ragged(low, high)
        order = np.argsort(instant, kind="stable")  # windows are sorted by item already
        indptr = np.concatenate(([0], np.cumsum(np.bincount(instant, minlength=len(unique)))))
        return Candidates(indptr, self.item[window[order]], of.astype(np.int64))
