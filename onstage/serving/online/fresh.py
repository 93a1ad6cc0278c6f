"""What was posted, in the positions of one model, and the history with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests, ragged
from onstage.serving.online.identifiers import places
from onstage.serving.online.rows import Columns, Row
from onstage.types import Positions


@dataclass(frozen=True)
class Unknown:
    """Posted rows that a model cannot count: it does not know their user, or their item."""

    users: int = 0
    items: int = 0


class SomeHistory(History):
    """All rows of some users, posted ones included, asked by the positions of everybody.

    Parameters
    ----------
    whole
        Everybody's rows that the model was fitted on.
    users : ndarray of int64, shape (n,)
        Who may be asked about; -1 is a stranger.
    posted
        Rows to add, by user.
    trained
        What the model was fitted on, for its vocabulary.

    Notes
    -----
    Costs the rows of these users only. Of rows at one time the posted ones are the later.
    """

    def __init__(
        self, whole: History, users: Positions, posted: Mapping[int, Columns], trained: Dataset
    ) -> None:
        self._known = np.unique(users[users >= 0])
        place, row = ragged(*whole.of_users(self._known))
        more = [(n, posted[int(u)]) for n, u in enumerate(self._known) if int(u) in posted]
        added = [np.full(len(rows.item), n) for n, rows in more]
        ends = None
        if whole.ends is not None:
            ends = np.concatenate([whole.ends[row], *(rows.ends for _, rows in more)])
        super().__init__(
            Dataset(
                pd.RangeIndex(len(self._known)),
                trained.items,
                trained.clock,
                np.concatenate([place, *added]),
                np.concatenate([whole.item[row], *(rows.item for _, rows in more)]),
                np.concatenate([whole.time[row], *(rows.time for _, rows in more)]),
                np.concatenate([whole.weight[row], *(rows.weight for _, rows in more)]),
                ends,
            )
        )
        self.user = self._known[self.user]

    @override
    def bounds(self, requests: Requests) -> tuple[Positions, Positions]:
        return super().bounds(Requests(self._places(requests.users), requests.times))

    @override
    def of_users(self, users: Positions) -> tuple[Positions, Positions]:
        return super().of_users(self._places(users))

    def _places(self, users: Positions) -> Positions:
        if len(self._known) == 0:
            return np.full(len(users), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._known, users), len(self._known) - 1)
        return np.where(self._known[place] == users, place, -1)


class FreshRows:
    """Posted rows by user, as one model sees them.

    One thread adds at a time; others may read meanwhile: a user's rows are replaced in one step.

    Parameters
    ----------
    trained
        What the model was fitted on. A posted row that stands there already (same user, item and
        time) is not counted twice.
    whole
        Its rows by user.
    """

    def __init__(self, trained: Dataset, whole: History) -> None:
        self._trained = trained
        self._whole = whole
        self._by_user: dict[int, Columns] = {}
        self.count = 0
        self.newest = -1

    def add(self, rows: Iterable[Row]) -> Unknown:
        """Add rows; those of users or items that the model does not know are left out."""
        listed = list(rows)
        users = places([row.user for row in listed], self._trained.users)
        items = places([row.item for row in listed], self._trained.items)
        new: dict[int, tuple[list[int], list[Row]]] = {}
        for user, item, row in zip(users.tolist(), items.tolist(), listed, strict=True):
            if user >= 0 and item >= 0 and not self._trained_on(user, item, row.time):
                where, some = new.setdefault(user, ([], []))
                where.append(item)
                some.append(row)
        for user, (where, some) in new.items():
            added = Columns.of(where, some)
            before = self._by_user.get(user)
            self._by_user[user] = added if before is None else before.followed_by(added)
            self.count += len(some)
            self.newest = max(self.newest, int(added.time.max()))
        return Unknown(int((users < 0).sum()), int(((users >= 0) & (items < 0)).sum()))

    def touches(self, users: Positions) -> bool:
        """Whether one of these users has a posted row."""
        return bool(self._by_user) and any(user in self._by_user for user in users.tolist())

    def history(self, users: Positions) -> SomeHistory:
        """Everything that is known of these users by now."""
        return SomeHistory(self._whole, users, self._by_user, self._trained)

    def whole(self) -> Dataset:
        """Everybody's rows with the posted ones; those of one time come after the fitted ones."""
        data, posted = self._trained, dict(self._by_user)
        user = np.repeat(list(posted), [len(rows.item) for rows in posted.values()])
        time = np.concatenate([data.time, *(rows.time for rows in posted.values())])
        order = np.argsort(time, kind="stable")
        ends = None
        if data.ends is not None:
            ends = np.concatenate([data.ends, *(rows.ends for rows in posted.values())])[order]
        return replace(
            data,
            user=np.concatenate([data.user, user.astype(np.int64)])[order],
            item=np.concatenate([data.item, *(r.item for r in posted.values())])[order],
            time=time[order],
            weight=np.concatenate([data.weight, *(r.weight for r in posted.values())])[order],
            ends=ends,
        )

    def _trained_on(self, user: int, item: int, time: int) -> bool:
        start, stop = (int(one[0]) for one in self._whole.of_users(np.array([user])))
        low = start + int(np.searchsorted(self._whole.time[start:stop], time, side="left"))
        high = start + int(np.searchsorted(self._whole.time[start:stop], time, side="right"))
        return bool((self._whole.item[low:high] == item).any())
