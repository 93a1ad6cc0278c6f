"""Who is live at every instant: whole sets at checkpoints, and what changes between them."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from scipy import sparse

from onstage.data.grouping import SPARSE, grouped
from onstage.data.requests import ragged
from onstage.types import Positions, Ticks


BUDGET: Final = 8
"""Most entries of all checkpoints together, for each window: bounds memory whatever the clock."""


@dataclass(frozen=True, eq=False)
class LiveSets:
    """Live sets as a sparse table over instants (CSR).

    The set changes only where a window starts or ends. A log in steps has few such instants, and
    each is a checkpoint: a lookup copies one row. In microseconds there are as many instants as
    windows, so only every so many-th is a checkpoint, and a lookup adds what changed since.

    Attributes
    ----------
    instants : ndarray of int64, shape (n_checkpoints,)
        Ticks, ascending. Nobody is live before the first.
    indptr : ndarray of int64, shape (n_checkpoints + 1,)
    live : ndarray of int64, shape (n_entries,)
        Live at ``instants[c]``: ``live[indptr[c]:indptr[c + 1]]``, ascending, each once.
    change_time, change_item : ndarray of int64, shape (2 * n_windows,)
        Every start and every end, by time. Windows of one item never touch, so an item is live
        after an odd number of its changes.
    """

    instants: Ticks
    indptr: Positions
    live: Positions
    change_time: Ticks
    change_item: Positions

    @classmethod
    def of_windows(
        cls, n_items: int, item: Positions, starts: Ticks, ends: Ticks, since: int | None = None
    ) -> Self:
        """Make the sets of disjoint windows sorted by item.

        Parameters
        ----------
        since
            Leave out what changes before; by default nothing.
        """
        if since is not None:
            late = ends >= since
            item, starts, ends = item[late], starts[late], ends[late]
        order, time = _by_time(np.concatenate([starts, ends]))
        changed = np.concatenate([item, item])[order]
        size = 2 * np.cumsum(order < len(item)) - np.arange(1, len(order) + 1)  # opened - closed
        last = np.flatnonzero(np.append(time[1:] != time[:-1], True)) if len(time) else order
        if since is not None:
            last = last[time[last] >= since]
        checkpoints = time[last][:: _stride(size[last], len(item))]
        indptr, live = _sets(n_items, item, starts, ends, checkpoints)
        kept = slice(None) if since is None else slice(np.searchsorted(time, since), None)
        return cls(checkpoints, indptr, live, time[kept], changed[kept])

    def at(self, tick: int) -> Positions:
        """Items live at `tick`: ascending, each once."""
        number = int(np.searchsorted(self.instants, tick, side="right")) - 1
        if number < 0:
            known, low = np.empty(0, dtype=np.int64), 0
        else:
            known = np.array(self.live[self.indptr[number] : self.indptr[number + 1]])
            low = int(np.searchsorted(self.change_time, self.instants[number], side="right"))
        high = int(np.searchsorted(self.change_time, tick, side="right"))
        if high <= low:
            return known
        items, changes = np.unique(self.change_item[low:high], return_counts=True)
        return np.setxor1d(known, items[changes % 2 == 1], assume_unique=True)

    def renewed(
        self, n_items: int, item: Positions, starts: Ticks, ends: Ticks, since: int
    ) -> Self:
        """The sets of windows that differ from the ones before at `since` and later only."""
        fresh = self.of_windows(n_items, item, starts, ends, since)
        old = int(np.searchsorted(self.instants, since, side="left"))
        same = int(np.searchsorted(self.change_time, since, side="left"))
        indptr = self.indptr[: old + 1]
        return replace(
            self,
            instants=np.concatenate([self.instants[:old], fresh.instants]),
            indptr=np.concatenate([indptr, indptr[-1] + fresh.indptr[1:]]),
            live=np.concatenate([self.live[: indptr[-1]], fresh.live]),
            change_time=np.concatenate([self.change_time[:same], fresh.change_time]),
            change_item=np.concatenate([self.change_item[:same], fresh.change_item]),
        )

    def moved(self, positions: Positions) -> Self:
        """The same sets in a vocabulary that has grown; `positions` ascending."""
        return replace(self, live=positions[self.live], change_item=positions[self.change_item])


def transposed(
    item: Positions, instant: Positions, n_items: int, n_instants: int
) -> tuple[Positions, Positions]:
    """Group pairs that are sorted by item by their instant instead: a counting sort.

    Returns
    -------
    indptr : ndarray of int64, shape (n_instants + 1,)
    items : ndarray of int64, shape (len(item),)
        Ascending within an instant.
    """
    rows = np.concatenate(([0], np.cumsum(np.bincount(item, minlength=n_items))))
    ones = np.ones(len(item), dtype=np.int8)
    table = sparse.csr_matrix((ones, instant, rows), shape=(n_items, n_instants)).tocsc()
    return table.indptr.astype(np.int64), table.indices.astype(np.int64)


def _by_time(time: Ticks) -> tuple[Positions, Ticks]:
    """Stable order by time, and the sorted times."""
    base = int(time.min(initial=0))
    if int(time.max(initial=0)) - base > SPARSE * len(time):
        order = np.argsort(time, kind="stable")
        return order, time[order]
    keys = time - base
    counts = np.bincount(keys)
    return grouped(keys), np.repeat(np.arange(len(counts)) + base, counts)


def _sets(
    n_items: int, item: Positions, starts: Ticks, ends: Ticks, instants: Ticks
) -> tuple[Positions, Positions]:
    low = np.searchsorted(instants, starts, side="left")
    high = np.searchsorted(instants, ends, side="left")
    window, instant = ragged(low, high)
    return transposed(item[window], instant, n_items, len(instants))


def _stride(sizes: Positions, n_windows: int) -> int:
    """How many changes apart checkpoints stand, a power of two."""
    stride = 1
    while sizes[::stride].sum() > BUDGET * n_windows:
        stride *= 2
    return stride
