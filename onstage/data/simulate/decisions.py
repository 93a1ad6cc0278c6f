"""The model of choice, evaluated exactly for one viewer at one instant."""

from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.laws import LAWS
from onstage.data.simulate.memory import FAMILIAR, recall


class Tables(Protocol):
    """What :class:`Decisions` needs of :class:`onstage.data.simulate.truth.Truth`."""

    @property
    def config(self) -> SimulationConfig: ...  # noqa: D102
    @property
    def streamers(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def broadcasts(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def viewers(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def watches(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def taste(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def nearness(self) -> NDArray[np.float64]: ...  # noqa: D102


class Decisions:
    """The tables of a truth as arrays; users, streamers and broadcasts are row numbers.

    Parameters
    ----------
    truth
        Times are ticks of the shape since the period began.
    """

    def __init__(self, truth: Tables) -> None:
        self._day = LAWS[truth.config.shape].ticks_per_day
        self._community = truth.streamers["community"].to_numpy()
        self._genre = truth.streamers["genre"].to_numpy()
        self._of, self._starts, self._ends, self._weight = (
            truth.broadcasts[name].to_numpy() for name in ("streamer", "starts", "ends", "weight")
        )
        self._loyalty, self._novelty = (
            truth.viewers[name].to_numpy() for name in ("loyalty", "novelty")
        )
        self._near = truth.nearness[truth.viewers["community"].to_numpy()]
        self._taste = truth.taste
        self._user, self._broadcast, self._start, self._stop = (
            truth.watches[name].to_numpy() for name in ("user", "broadcast", "start", "stop")
        )
        self._first = np.searchsorted(self._user, np.arange(len(truth.viewers) + 1))
        self._live: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))
        self._shown: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))

    def live_at(self, tick: int) -> NDArray[np.int64]:
        """Streamers live at a tick, ascending."""
        return self._of[self._broadcasts_at(tick)]

    def shown_at(self, tick: int) -> NDArray[np.int64]:
        """Streamers whom somebody watches at a tick."""
        if self._shown[0] != tick:
            now = (self._start <= tick) & (tick < self._stop)
            self._shown = (tick, np.unique(self._of[self._broadcast[now]]))
        return self._shown[1]

    def chances(self, user: int, tick: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Streamers live at a tick, and the probability that `user` chooses each.

        Sums to 1, or is all 0 when everything live has been watched.
        """
        live = self._broadcasts_at(tick)
        streamer = self._of[live]
        appeal, back = self._memories(user, tick, live)
        around = self._weight[live] * self._near[user, self._community[streamer]]
        around = around * self._taste[user, self._genre[streamer]] * appeal
        if around.sum() > 0:
            back = back + self._novelty[user] * around / around.sum()
        return streamer, back / back.sum() if back.sum() > 0 else back

    def _broadcasts_at(self, tick: int) -> NDArray[np.int64]:
        if self._live[0] != tick:
            now = (self._starts <= tick) & (tick < self._ends)
            self._live = (tick, np.flatnonzero(now))
        return self._live[1]

    def _memories(
        self, user: int, tick: int, live: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Appeal of each `live` broadcast to who looks around, and its pull on who remembers."""
        first, last = self._first[user], self._first[user + 1]
        last = first + np.searchsorted(self._start[first:last], tick, side="left")
        broadcast, start = self._broadcast[first:last], self._start[first:last]
        watched = np.isin(live, broadcast)
        if last == first:
            return np.ones(len(live)), np.zeros(len(live))
        who, of = np.unique(self._of[broadcast], return_inverse=True)
        visits = np.bincount(of).astype(np.float64)
        latest = np.full(len(who), -1, dtype=np.int64)
        np.maximum.at(latest, of, start)
        pull = self._loyalty[user] * recall(visits, (tick - latest) / self._day)
        slot = np.minimum(np.searchsorted(who, self._of[live]), len(who) - 1)
        known = who[slot] == self._of[live]
        appeal = np.where(watched, 0.0, np.where(known, FAMILIAR, 1.0))
        return appeal, np.where(known & ~watched, pull[slot], 0.0)
