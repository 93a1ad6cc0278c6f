"""Which items are live at an instant: an index over time."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.live_sets import LiveSets, transposed
from onstage.columns import Columns
from onstage.contracts import WINDOWS
from onstage.data.dataset import Dataset
from onstage.data.grouping import grouped
from onstage.data.requests import ragged
from onstage.errors import ContractError
from onstage.types import Positions, Ticks


LOOKUPS: Final = 64
"""So many windows cost as much as looking up one instant."""

LARGEST: Final = 1 << 62
"""Keys stay below."""


@dataclass(frozen=True, eq=False)
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

        Without ``ends`` every item is always available. An item is never live before its first
        row: only a table of windows (:meth:`from_windows`) can know that.
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

        Parameters
        ----------
        item, starts, ends : ndarray of int64, shape (n,)
            In any order: the clock may run backwards from row to row. A window of length zero
            contains no instant and is left out.

        Raises
        ------
        ContractError
            If a window ends before it starts.
        """
        bad = np.flatnonzero(ends < starts)
        if len(bad):
            message = (
                f"windows: row {bad[0]} starts at {starts[bad[0]]} and ends at {ends[bad[0]]}; "
                "a window must not end before it starts"
            )
            raise ContractError(message)
        real = ends > starts
        if not real.all():
            item, starts, ends = item[real], starts[real], ends[real]
        if len(item) == 0:
            return cls(n_items, item, starts, ends)
        return cls(n_items, *_union(item, starts, ends))

    def live_at(self, tick: int) -> Positions:
        """Items live at one instant: positions, ascending, each once; empty when nobody is.

        A lookup: a binary search over instants and a copy of the answer (:attr:`sets`).
        """
        return np.arange(self.n_items) if self.always else self.sets.at(tick)

    @cached_property
    def sets(self) -> LiveSets:
        """The live set at every checkpoint, built at the first use; see :class:`LiveSets`."""
        return LiveSets.of_windows(self.n_items, self.item, self.starts, self.ends)

    def candidates(self, times: Ticks) -> Candidates:
        """The live set of each request; requests at the same instant share one.

        Parameters
        ----------
        times : ndarray of int64, shape (n_requests,)
            Ticks, in any order.

        Notes
        -----
        Few instants are looked up one by one. Many cost one binary search a window and one
        counting sort of the answer: that of what comes out.
        """
        if self.always:
            return Candidates.shared(np.arange(self.n_items), len(times))
        unique, of = np.unique(times, return_inverse=True)
        if len(unique) * LOOKUPS < len(self.item):
            sets = [self.live_at(int(tick)) for tick in unique]
            indptr = np.concatenate(([0], np.cumsum([len(s) for s in sets], dtype=np.int64)))
            live = np.concatenate([*sets, np.empty(0, dtype=np.int64)])
            return Candidates(indptr, live, of.astype(np.int64))
        low = np.searchsorted(unique, self.starts, side="left")
        high = np.searchsorted(unique, self.ends, side="left")
        window, instant = ragged(low, high)
        indptr, live = transposed(self.item[window], instant, self.n_items, len(unique))
        return Candidates(indptr, live, of.astype(np.int64))

    def appended(self, item: Positions, starts: Ticks, ends: Ticks) -> Self:
        """The index with more windows: what a rebuild from all windows would give.

        Parameters
        ----------
        item, starts, ends : ndarray of int64, shape (n,)
            New rows or windows, in any order; late arrivals may lie in the past.

        Raises
        ------
        ContractError
            As :meth:`merged`.

        Notes
        -----
        Only windows of the items named are merged again, and only live sets from the earliest new
        start on are made again.
        """
        if self.always or len(item) == 0:
            return self
        named = np.zeros(self.n_items, dtype=np.bool_)
        named[item] = True
        again = named[self.item]
        part = self.merged(
            self.n_items,
            np.concatenate([self.item[again], item]),
            np.concatenate([self.starts[again], starts]),
            np.concatenate([self.ends[again], ends]),
        )
        whole = [
            np.concatenate([old[~again], new])
            for old, new in zip(self.windows, part.windows, strict=True)
        ]
        order = np.argsort(whole[0], kind="stable")
        made = replace(self, item=whole[0][order], starts=whole[1][order], ends=whole[2][order])
        if "sets" in self.__dict__:
            made.__dict__["sets"] = self.sets.renewed(made.n_items, *made.windows, int(min(starts)))
        return made

    def moved(self, positions: Positions, n_items: int) -> Self:
        """The same windows in a vocabulary that has grown.

        Parameters
        ----------
        positions : ndarray of int64, shape (self.n_items,)
            Where each item stands now: ascending, as vocabularies are sorted.
        """
        made = replace(self, n_items=n_items, item=np.asarray(positions[self.item]))
        if "sets" in self.__dict__:
            made.__dict__["sets"] = self.sets.moved(positions)
        return made

    def until(self, tick: int) -> Self:
        """What was live before `tick`: later windows are gone, open ones end there."""
        before = self.starts < tick
        ends = np.minimum(self.ends[before], tick)
        return type(self)(self.n_items, self.item[before], self.starts[before], ends, self.always)

    @property
    def windows(self) -> tuple[Positions, Ticks, Ticks]:
        """Items, starts and ends."""
        return self.item, self.starts, self.ends

    @override
    def __getstate__(self) -> dict[str, Any]:
        """Leave the live sets out when a worker process is sent an index."""
        return {k: v for k, v in self.__dict__.items() if k != "sets"}


def _union(item: Positions, starts: Ticks, ends: Ticks) -> tuple[Positions, Ticks, Ticks]:
    """Merge windows that overlap or touch; sorted by item, then start."""
    order = _by_item_and_time(item, starts)
    item, starts, ends = item[order], starts[order], ends[order]
    opening, closing, scale = _small(starts, ends, int(item[-1]) + 1)
    span = int(closing.max()) + 1
    reach = np.maximum.accumulate(item * span + closing)
    opens = np.ones(len(item), dtype=np.bool_)
    opens[1:] = (item * span + opening)[1:] > reach[:-1]
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(item)) - 1
    whole = reach[last] - item[first] * span
    merged = scale + whole if isinstance(scale, int) else scale[whole]
    return item[first], starts[first], merged


def _by_item_and_time(item: Positions, starts: Ticks) -> Positions:
    """Order by item, then start: a counting sort where the rows come in order of time."""
    if np.all(starts[1:] >= starts[:-1]):
        return grouped(item)
    order = np.argsort(starts, kind="stable")
    return order[grouped(item[order])]


def _small(starts: Ticks, ends: Ticks, n_items: int) -> tuple[Ticks, Ticks, int | Ticks]:
    """Times from 0, so small that ``item * span + time`` fits; and what turns them back."""
    base = int(starts.min())
    if n_items * (int(ends.max()) - base + 1) < LARGEST:
        return starts - base, ends - base, base
    instants = np.unique(np.concatenate([starts, ends]))  # ranks
    return np.searchsorted(instants, starts), np.searchsorted(instants, ends), instants
