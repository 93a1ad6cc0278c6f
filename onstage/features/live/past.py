"""All that happened, grouped by user, by item and by pair."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.features.live.timeline import Timeline
from onstage.types import Positions, Ticks


HALF_LIVES_HOURS = (1.0, 6.0, 24.0, 72.0, 336.0)
"""Hours after which a row counts half, for the user's own rows and for everybody's."""

BREAK_HOURS = 1.0
"""An item nobody watches for longer has ended its broadcast."""

WEEK_DAYS = 7


@dataclass(frozen=True, eq=False)
class Past:
    """Rows sorted by time, user, item and end: the same rows give the same order.

    A feature at ``t`` looks at rows with ``time < t`` only, and at whether they had ended before
    ``t``, never at how much later they end.

    Attributes
    ----------
    user, item, time, ends : ndarray of int64, shape (n_rows,)
        In a log of points in time a row ends when it starts.
    n_users, n_items
        Sizes of the vocabularies.
    clock
        What a tick is.
    """

    user: Positions
    item: Positions
    time: Ticks
    ends: Ticks
    n_users: int
    n_items: int
    clock: Clock

    @classmethod
    def of(cls, trained: Dataset, history: History | None = None) -> "Past":
        """Unite the rows a model was trained on with the history it may look at.

        A row that both have counts once; where one of them has the same row more often, as often
        as there.
        """
        columns = (trained.time, trained.user, trained.item, _ends(trained.time, trained.ends))
        if history is not None:
            more = (history.time, history.user, history.item, _ends(history.time, history.ends))
            columns = _united(columns, more)
        order = np.lexsort(columns[::-1])
        time, user, item, ends = (column[order] for column in columns)
        return cls(user, item, time, ends, trained.n_users, trained.n_items, trained.clock)

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def by_user(self) -> Timeline:
        """Rows of each user."""
        return Timeline.of(self.user, self.time)

    @cached_property
    def by_item(self) -> Timeline:
        """Rows of each item."""
        return Timeline.of(self.item, self.time)

    @cached_property
    def by_pair(self) -> Timeline:
        """Rows of each (user, item), numbered ``user * n_items + item``."""
        return Timeline.of(self.user * self.n_items + self.item, self.time)

    @cached_property
    def item_ends(self) -> Timeline:
        """Ends of the rows of each item."""
        return Timeline.of(self.item, self.ends)

    @cached_property
    def pair_ends(self) -> Timeline:
        """Ends of the rows of each pair."""
        return Timeline.of(self.user * self.n_items + self.item, self.ends)

    @cached_property
    def half_lives(self) -> NDArray[np.float64]:
        """:data:`HALF_LIVES_HOURS` in ticks."""
        return np.array([self.clock.span(seconds=3600 * h) for h in HALF_LIVES_HOURS])

    @cached_property
    def is_first(self) -> NDArray[np.bool_]:
        """Whether a row is the first of its user and item, shape (n_rows,)."""
        first = np.zeros(len(self), dtype=np.bool_)
        first[self.by_pair.order[self.by_pair.place == 0]] = True
        return first

    @cached_property
    def broadcast(self) -> Positions:
        """Number of the item's broadcast that each row belongs to, from 0, shape (n_rows,)."""
        number = np.zeros(len(self), dtype=np.int64)
        line = self.by_item
        opens = self.opens
        total = np.cumsum(opens)
        first = np.flatnonzero(line.place == 0)
        base = np.repeat(total[first], np.diff(np.append(first, len(line.order))))
        number[line.order] = total - base
        return number

    @cached_property
    def opens(self) -> NDArray[np.bool_]:
        """Whether a row opens a broadcast, in the order of :attr:`by_item`."""
        line = self.by_item
        gap = int(self.clock.span(seconds=3600 * BREAK_HOURS))
        reach = _running_maximum(self.ends[line.order], line.place)
        opens = np.asarray(line.place == 0)
        opens[1:] |= line.time[1:] > reach[:-1] + gap
        return opens

    @cached_property
    def reach(self) -> Ticks:
        """Latest end among the item's rows so far, in the order of :attr:`by_item`."""
        return _running_maximum(self.ends[self.by_item.order], self.by_item.place)

    @cached_property
    def opened(self) -> Ticks:
        """When the broadcast of each row began, in the order of :attr:`by_item`."""
        first = np.flatnonzero(self.opens)
        counts = np.diff(np.append(first, len(self.opens)))
        return np.repeat(self.by_item.time[first], counts)

    def angles(self, time: Ticks) -> NDArray[np.float64]:
        """Cosines and sines of the day (twice: once and twice round) and the week, shape (n, 6)."""
        day = self.clock.span(days=1)
        phase = 2 * np.pi * np.mod(time, day) / day
        week = 2 * np.pi * np.mod(time, WEEK_DAYS * day) / (WEEK_DAYS * day)
        turns = (phase, 2 * phase, week)
        return np.stack([f(one) for one in turns for f in (np.cos, np.sin)], axis=1)


def _ends(time: Ticks, ends: Ticks | None) -> Ticks:
    return time if ends is None else ends


def _running_maximum(values: Ticks, place: Positions) -> Ticks:
    """Largest value so far within each group; `place` counts from 0 in each."""
    levels, level = np.unique(values, return_inverse=True)
    group = np.cumsum(place == 0)
    reach = np.maximum.accumulate(group * len(levels) + level)
    return np.asarray(levels[reach - group * len(levels)], dtype=np.int64)


Columns4 = tuple[Ticks, Positions, Positions, Ticks]


def _united(one: Columns4, other: Columns4) -> Columns4:
    """Rows of either; equal rows as often as they are where they are most often."""
    both = [np.concatenate(pair) for pair in zip(one, other, strict=True)]
    source = np.repeat([0, 1], [len(one[0]), len(other[0])])
    order = np.lexsort((source, *both[::-1]))
    columns = [column[order] for column in both]
    source = source[order]
    same = np.ones(len(order), dtype=np.bool_)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    group = np.cumsum(~same)
    counts = np.stack(
        [np.bincount(group, weights=source == number, minlength=1) for number in (0, 1)]
    ).astype(np.int64)
    first = np.searchsorted(group, np.arange(1, group.max(initial=0) + 1))
    kept = np.repeat(first, counts.max(axis=0)[1:])
    time, user, item, ends = (column[kept] for column in columns)
    return time, user, item, ends
