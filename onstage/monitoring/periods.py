"""A log cut into periods by when its rows arrived, counted back from its end."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.types import Ticks


HOURS: Final = 24


@dataclass(frozen=True, eq=False)
class Periods:
    """The rows of every whole period of a log; period 0 is the newest.

    A row belongs to the period in which it was complete: in logs with ends, when it ended. So the
    newest period lacks nothing that arrives later, and is like the others.

    Attributes
    ----------
    data
        The whole accepted log.
    index
        Who was live when.
    length
        Ticks of a period.
    """

    data: Dataset
    index: AvailabilityIndex
    length: int

    @cached_property
    def arrived(self) -> Ticks:
        """When each row was complete, shape (n_rows,)."""
        return self.data.time if self.data.ends is None else self.data.ends

    @cached_property
    def last(self) -> int:
        """Tick at which the newest period ends, itself included."""
        return int(self.arrived.max())

    @cached_property
    def count(self) -> int:
        """Whole periods that the log has."""
        return int((self.last - int(self.arrived.min()) + 1) // self.length)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self._number(self.arrived), kind="stable")

    @cached_property
    def _edges(self) -> NDArray[np.int64]:
        numbers = self._number(self.arrived)[self._order]
        return np.searchsorted(numbers, np.arange(self.count + 1))

    def rows(self, first: int, last: int | None = None) -> NDArray[np.int64]:
        """Row numbers of a period, or of all from `first` to `last`, itself included."""
        stop = (first if last is None else last) + 1
        return self._order[self._edges[first] : self._edges[stop]]

    def span(self, number: int) -> tuple[int, int]:
        """First and last tick of a period, both inside it."""
        ends = self.last - number * self.length
        return ends - self.length + 1, ends

    @cached_property
    def seconds(self) -> NDArray[np.float64] | None:
        """How long each row lasted; None where rows are points in time."""
        if self.data.ends is None:
            return None
        return np.asarray((self.data.ends - self.data.time) * self.data.clock.seconds_per_tick)

    @cached_property
    def hour(self) -> NDArray[np.int64]:
        """Hour of the day at which each row began."""
        return np.asarray(self.data.clock.hours(self.data.time) % HOURS)

    @cached_property
    def new_user(self) -> NDArray[np.bool_]:
        """Whether a row is the first of its user."""
        return _first(self.data.user)

    @cached_property
    def repeat(self) -> NDArray[np.bool_]:
        """Whether the user of a row had its item before."""
        return ~_first(self.data.user * self.data.n_items + self.data.item)

    @cached_property
    def windows(self) -> NDArray[np.int64]:
        """Period in which each window of :attr:`index` ended; -1 outside."""
        number = self._number(self.index.ends)
        return np.where((number >= 0) & (number < self.count), number, -1)

    def _number(self, ticks: Ticks) -> NDArray[np.int64]:
        return np.asarray((self.last - ticks) // self.length)


def _first(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(keys), dtype=np.bool_)
    found[np.unique(keys, return_index=True)[1]] = True
    return found
