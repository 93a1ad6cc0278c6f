"""Who else is watching: rows that keep an item live, with and without the asking user's own."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests, ragged
from onstage.errors import ContractError
from onstage.types import Positions, Ticks


class Audience:
    """Counts rows with ``start <= t < end`` of an item, of a user, or of a pair, at any instant.

    Leaving the asking user's rows out is what makes a candidate independent of the answer (track
    C): the target's own row would make it live. The same object serves training (is an example's
    item live by others?), evaluation and serving (:meth:`without_own`).

    Parameters
    ----------
    dataset
        With ends. A row of length zero is never watched.

    Raises
    ------
    ContractError
        If the log has no ends, so that no row makes anything live.

    Notes
    -----
    Sorts the rows four times, once each; a question costs binary searches only, and
    :meth:`own_only` the rows of the user that may still be running.
    """

    def __init__(self, dataset: Dataset) -> None:
        if dataset.ends is None:
            message = "audience: the log has no end times, so no row makes an item live"
            raise ContractError(message)
        self.n_items = dataset.n_items
        pair = dataset.user * dataset.n_items + dataset.item
        self._items = _Counter.of(dataset.item, dataset.time, dataset.ends)
        self._pairs = _Counter.of(pair, dataset.time, dataset.ends)
        self._rows = _Running(dataset, dataset.ends)

    def watchers(self, items: Positions, times: Ticks) -> Positions:
        """Rows of each item that run at each instant, shape (n,)."""
        return self._items.running(items, times)

    def own(self, users: Positions, items: Positions, times: Ticks) -> Positions:
        """Rows of each user and item that run at each instant, shape (n,); 0 for strangers."""
        known = (users >= 0) & (items >= 0)
        counts = self._pairs.running(users * self.n_items + items, times)
        return np.where(known, counts, 0)

    def by_others(self, users: Positions, items: Positions, times: Ticks) -> NDArray[np.bool_]:
        """Whether somebody else's row makes each item live, shape (n,).

        For training: a row's own start, ``by_others(user, item, time)``, says whether track C
        would ask for it.
        """
        return self.watchers(items, times) > self.own(users, items, times)

    def own_only(self, requests: Requests) -> tuple[Positions, Positions]:
        """Items that no other user's row makes live: (request numbers, items), each pair once.

        Only items that the asking user watches at ``t`` are looked at, the target among them.
        """
        request, item = self._rows.watched(requests)
        pairs = np.unique(request * self.n_items + item)
        request, item = pairs // self.n_items, pairs % self.n_items
        alone = ~self.by_others(requests.users[request], item, requests.times[request])
        return request[alone], item[alone]

    def without_own(self, candidates: Candidates, requests: Requests) -> Candidates:
        """Exclude from each request what only the asking user's rows make live."""
        return candidates.without(*self.own_only(requests))


class _Until:
    """Instants by group: how many are at most ``t``."""

    def __init__(self, number: Positions, instants: Ticks) -> None:
        self._instants = np.unique(instants)
        self._span = len(self._instants) + 1
        self._keys = np.sort(number * self._span + np.searchsorted(self._instants, instants))

    def count(self, number: Positions, times: Ticks) -> Positions:
        upto = np.searchsorted(self._instants, times, side="right")
        first = np.searchsorted(self._keys, number * self._span, side="left")
        return np.asarray(
            np.searchsorted(self._keys, number * self._span + upto, side="left") - first
        )


class _Counter:
    """Intervals by group: how many contain an instant."""

    def __init__(self, groups: Positions, starts: _Until, ends: _Until) -> None:
        self._groups, self._starts, self._ends = groups, starts, ends

    @classmethod
    def of(cls, group: Positions, starts: Ticks, ends: Ticks) -> Self:
        groups, number = np.unique(group, return_inverse=True)
        return cls(groups, _Until(number, starts), _Until(number, ends))

    def running(self, group: Positions, times: Ticks) -> Positions:
        if len(self._groups) == 0:
            return np.zeros(len(group), dtype=np.int64)
        number = np.minimum(np.searchsorted(self._groups, group), len(self._groups) - 1)
        counts = self._starts.count(number, times) - self._ends.count(number, times)
        return np.where(self._groups[number] == group, counts, 0)


class _Running:
    """Rows by user: those that may still be running at an instant."""

    def __init__(self, dataset: Dataset, ends: Ticks) -> None:
        order = np.argsort(dataset.user, kind="stable")  # rows come in order of time
        self._item, self._ends = dataset.item[order], ends[order]
        self._longest = int((ends - dataset.time).max(initial=0))
        self._instants = np.unique(dataset.time)
        self._span = len(self._instants) + 1
        started = np.searchsorted(self._instants, dataset.time[order])
        self._keys = dataset.user[order] * self._span + started

    def watched(self, requests: Requests) -> tuple[Positions, Positions]:
        """(request, item) of every row of the asking user with ``start <= t < end``."""
        low = np.searchsorted(self._instants, requests.times - self._longest, side="right")
        high = np.searchsorted(self._instants, requests.times, side="right")
        base = requests.users * self._span
        request, row = ragged(
            np.searchsorted(self._keys, base + low, side="left"),
            np.searchsorted(self._keys, base + high, side="left"),
        )
        running = self._ends[row] > requests.times[request]
        return request[running], self._item[row[running]]
