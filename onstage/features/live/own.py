"""What the user did with each candidate before: counts, gaps, habits."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onstage.data.requests import Requests, ragged
from onstage.features.live.asked import Asked
from onstage.features.live.past import HALF_LIVES_HOURS, Past
from onstage.types import Positions


Columns = dict[str, NDArray[np.float32]]
"""Feature name to one value a pair."""


@dataclass(frozen=True, eq=False)
class OwnPast:
    """Sums over each user's rows of each item, ready for any time."""

    past: Past

    @cached_property
    def fading(self) -> NDArray[np.float64]:
        """Fading counts after each row, in the order of ``by_pair``."""
        ones = np.ones((len(self.past), len(HALF_LIVES_HOURS)))
        return self.past.by_pair.running(ones, self.past.half_lives)

    @cached_property
    def angles(self) -> NDArray[np.float64]:
        """Sums of :meth:`Past.angles` up to each row, in the order of ``by_pair``."""
        line = self.past.by_pair
        return line.running(self.past.angles(line.time))

    @cached_property
    def attended(self) -> NDArray[np.float64]:
        """Broadcasts of the item that the user watched, up to each row."""
        line = self.past.by_pair
        number = self.past.broadcast[line.order]
        new = line.place == 0
        new[1:] |= number[1:] != number[:-1]
        return line.running(new[:, None].astype(np.float64))[:, 0]

    @cached_property
    def place_by_user(self) -> Positions:
        """Earlier rows of the same user at each row, shape (n_rows,)."""
        place = np.empty(len(self.past), dtype=np.int64)
        place[self.past.by_user.order] = self.past.by_user.place
        return place

    @cached_property
    def _groups(self) -> tuple[Positions, Positions]:
        """Every (user, item) with a row, and where each user's begin."""
        pairs = np.unique(self.past.by_pair.group)
        first = np.searchsorted(pairs, np.arange(self.past.n_users + 1) * self.past.n_items)
        return pairs, first

    def seen(self, requests: Requests) -> tuple[Positions, Positions, Positions]:
        """Each (request, item) with a row before the request, and the newest such row.

        Returns
        -------
        line, item : ndarray of int64
            Ascending.
        last : ndarray of int64
            Place of the newest row in the order of ``by_pair``.
        """
        pairs, first = self._groups
        user = np.maximum(requests.users, 0)
        stops = np.where(requests.users >= 0, first[user + 1], first[user])
        line, number = ragged(first[user], stops)
        last = self.past.by_pair.before(pairs[number], requests.times[line])
        kept = last >= 0
        return line[kept], pairs[number[kept]] % self.past.n_items, last[kept]

    def visits(self, asked: Asked) -> NDArray[np.float32]:
        """Rows of each pair before the request, shape (n_pairs,)."""
        found = Own.of(asked, self)
        return spread(len(asked), found.pair, self.past.by_pair.place[found.last] + 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Own:
    """The pairs of a user and a candidate that the user had before.

    Attributes
    ----------
    pair : ndarray of int64, shape (n_own,)
        Numbers of these pairs, ascending.
    last : ndarray of int64, shape (n_own,)
        Place of the newest row in the order of ``by_pair``.
    """

    pair: Positions
    last: Positions

    @classmethod
    def of(cls, asked: Asked, own: OwnPast) -> "Own":
        """Find them."""
        line, item, last = own.seen(asked.requests)
        pair = asked.places(line, item)
        kept = pair >= 0
        return cls(pair[kept], last[kept])


def own_features(asked: Asked, own: OwnPast, found: Own) -> Columns:
    """What the user did with each candidate; 0 or ``nan`` where nothing."""
    past, line = own.past, own.past.by_pair
    hour = past.clock.span(seconds=3600)
    pair, last = found.pair, found.last
    time, user = asked.time[pair], asked.user[pair]
    count = line.place[last] + 1.0
    first = line.time[last - line.place[last]]
    gap = (time - line.time[last]) / hour
    usual = np.where(count > 1, (line.time[last] - first) / hour / np.maximum(count - 1, 1), np.nan)
    fading = own.fading[last] * np.exp2(-(time - line.time[last])[:, None] / past.half_lives)
    rows = past.by_user.counts(user, time)
    sums, now = own.angles[last], past.angles(time)
    near = sums * now
    values = {
        "own_count": count,
        "own_gap_hours": gap,
        "own_usual_gap_hours": usual,
        "own_gap_to_usual": gap / np.maximum(usual, 1.0),
        "own_since_first_hours": (time - first) / hour,
        "own_rows_since": rows - own.place_by_user[line.order[last]] - 1.0,
        "own_share": count / np.maximum(rows, 1),
        "own_same_hour": (near[:, 0] + near[:, 1]) / count,
        "own_same_half_day": (near[:, 2] + near[:, 3]) / count,
        "own_same_weekday": (near[:, 4] + near[:, 5]) / count,
        "own_hour_regularity": np.hypot(sums[:, 0], sums[:, 1]) / count,
        "own_attended": own.attended[last],
    }
    values |= {f"own_fading_{hours:g}h": fading[:, k] for k, hours in enumerate(HALF_LIVES_HOURS)}
    zero = {"own_count", "own_share", "own_attended", *(n for n in values if "fading" in n)}
    return {
        name: spread(len(asked), pair, value, 0.0 if name in zero else np.nan)
        for name, value in values.items()
    }


def spread(n: int, pair: Positions, values: NDArray[Any], default: float) -> NDArray[np.float32]:
    """`values` at `pair`, `default` elsewhere, shape (n,)."""
    column = np.full(n, default, dtype=np.float32)
    column[pair] = values
    return column
