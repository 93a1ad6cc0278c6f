"""When a streamer broadcasts: the next time that is known, and the usual times of the week."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.requests import ragged
from onstage.types import Positions, Ticks


WEEK: Final = 168
"""Hours."""


class Schedule:
    """Broadcast times of every item.

    Two kinds of question. :meth:`next_broadcast` reads the windows as they are, the future too: it
    answers people where windows are announced. Everything *usual* is point-in-time, and may be a
    feature: a question about ``t`` reads windows that started before ``t``, and of those the part
    before ``t``.

    Parameters
    ----------
    index
        A catalogue that is always available has no broadcasts: its answers are all unknown.
    clock
        Says where hours begin (:meth:`onstage.data.clock.Clock.hours`).
    """

    def __init__(self, index: AvailabilityIndex, clock: Clock) -> None:
        self._clock = clock
        self._item, self._starts = index.item, index.starts
        self._instants = np.unique(index.starts)
        self._span = len(self._instants) + 1
        self._key = index.item * self._span + np.searchsorted(self._instants, index.starts)
        self._hours(index)

    def _hours(self, index: AvailabilityIndex) -> None:
        """Every (item, hour) with a broadcast, by item and hour of the week, and its first tick."""
        horizon = int(index.starts.max(initial=0)) + round(self._clock.span(days=7))
        ends = np.minimum(index.ends, horizon)  # a window may be open-ended
        first, last = self._clock.hours(index.starts), self._clock.hours(ends - 1)
        window, hour = ragged(first, last + 1)
        item = index.item[window]
        opens = np.ones(len(item), dtype=np.bool_)  # windows of an item may share an hour
        opens[1:] = (item[1:] != item[:-1]) | (hour[1:] != hour[:-1])
        window, item, hour = window[opens], item[opens], hour[opens]
        tick = np.maximum(index.starts[window], self._clock.first_ticks(hour))
        self._ticks = np.unique(tick)
        slot = (item * WEEK + hour % WEEK) * (len(self._ticks) + 1)
        self._slot_key = np.sort(slot + np.searchsorted(self._ticks, tick))

    def next_broadcast(self, items: Positions, times: Ticks) -> tuple[Ticks, NDArray[np.bool_]]:
        """Start of the first window that starts after each instant.

        Returns
        -------
        starts : ndarray of int64, shape (n,)
        known : ndarray of bool, shape (n,)
            False where no later window is known; `starts` means nothing there.
        """
        after = np.searchsorted(self._instants, times, side="right")
        place = np.searchsorted(self._key, items * self._span + after, side="left")
        return self._window(items, place)

    def last_broadcast(self, items: Positions, times: Ticks) -> tuple[Ticks, NDArray[np.bool_]]:
        """Start of the last window that started before each instant; as :meth:`next_broadcast`."""
        before = np.searchsorted(self._instants, times, side="left")
        place = np.searchsorted(self._key, items * self._span + before, side="left") - 1
        return self._window(items, place)

    def usual(self, items: Positions, times: Ticks) -> NDArray[np.float32]:
        """How often each item was live at each hour of the week, shape (n, 168).

        Share of the weeks between the item's first broadcast and ``t`` (at least one) in which it
        was live at some instant of that hour. ``nan`` before the first broadcast.
        """
        hours = np.arange(WEEK)
        counts = self._slots(items[:, None] * WEEK + hours, times[:, None])
        share = np.minimum(counts / self._weeks(items, times)[:, None], 1.0)
        return share.astype(np.float32)

    def usual_now(self, items: Positions, times: Ticks) -> NDArray[np.float32]:
        """The share of :meth:`usual` at the hour of the week of each instant, shape (n,)."""
        hour = self._clock.hours(times) % WEEK
        counts = self._slots(items * WEEK + hour, times)
        return np.minimum(counts / self._weeks(items, times), 1.0).astype(np.float32)

    def usual_next(self, items: Positions, times: Ticks) -> NDArray[np.float32]:
        """Hours until the hour of the week at which each item is live most often, shape (n,).

        0 is the hour of the request, 167 the one before it; the soonest of equals. ``nan`` before
        the first broadcast.
        """
        usual = self.usual(items, times)
        now = self._clock.hours(times) % WEEK
        ahead = (np.arange(WEEK) + now[:, None]) % WEEK
        coming = np.take_along_axis(np.nan_to_num(usual, nan=-1.0), ahead, axis=1)
        return np.where(np.isnan(usual[:, 0]), np.nan, coming.argmax(axis=1)).astype(np.float32)

    def _window(self, items: Positions, place: Positions) -> tuple[Ticks, NDArray[np.bool_]]:
        if len(self._item) == 0:
            return np.zeros(len(items), dtype=np.int64), np.zeros(len(items), dtype=np.bool_)
        inside = np.clip(place, 0, len(self._item) - 1)
        return self._starts[inside], (inside == place) & (self._item[inside] == items)

    def _weeks(self, items: Positions, times: Ticks) -> NDArray[np.float64]:
        """Weeks since the first broadcast, at least one; ``nan`` before it."""
        place = np.searchsorted(self._item, items, side="left")
        first, known = self._window(items, place)
        age = (times - first) * self._clock.seconds_per_tick / (3600 * WEEK)
        return np.where(known & (first < times), np.maximum(age, 1.0), np.nan)

    def _slots(self, slot: Positions, times: Ticks) -> NDArray[np.int64]:
        """How many hours of each slot had begun to be live before each instant."""
        span = len(self._ticks) + 1
        before = np.searchsorted(self._ticks, times, side="left")
        low = np.searchsorted(self._slot_key, slot * span, side="left")
        return np.asarray(np.searchsorted(self._slot_key, slot * span + before, side="left") - low)
