"""The truth of a simulation: the probability of every choice, and the best possible ranking."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from onstage.data.clock import MICROSECONDS, Clock
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.decisions import Decisions
from onstage.data.simulate.records import (
    BROADCASTS,
    RECORD,
    STREAMERS,
    TASTES,
    TRUTH,
    VIEWERS,
    WATCHES,
)
from onstage.errors import SourceError
from onstage.types import ItemIds, Ticks, UserIds


Live = Literal["schedule", "log"]


@dataclass(frozen=True, eq=False)
class Truth:
    """What the simulated viewers want, given what they watched before an instant.

    Times are ticks of :attr:`clock`, as in :class:`onstage.data.dataset.Dataset`: steps on
    ``twitch``, microseconds UTC on ``kumu``. Identifiers are those of the raw files.

    Attributes
    ----------
    config
        The simulation's.
    streamers : pandas.DataFrame
        ``streamer`` (identifier), ``community``, ``genre``, ``audience``, ``usual_step`` (UTC),
        ``weekdays`` (bit i: the i-th day of the period and its repetitions),
        ``broadcasts_a_week``, ``hold``.
    broadcasts : pandas.DataFrame
        ``streamer`` (row of :attr:`streamers`), ``starts``, ``ends`` (ticks of the shape since
        the period began, half-open), ``weight``. All that were planned, watched or not.
    viewers : pandas.DataFrame
        ``user`` (identifier), ``community``, ``loyalty``, ``novelty``, ``patience``, ``rows``.
    watches : pandas.DataFrame
        ``user``, ``broadcast`` (rows of the other tables), ``start``, ``stop``: the log with the
        exact times, sorted by user and start.
    taste : ndarray, shape (n_users, n_genres)
    nearness : ndarray, shape (n_communities, n_communities)
    """

    config: SimulationConfig
    streamers: pd.DataFrame
    broadcasts: pd.DataFrame
    viewers: pd.DataFrame
    watches: pd.DataFrame
    taste: NDArray[np.float64]
    nearness: NDArray[np.float64]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``truth/`` of a simulated folder.

        Raises
        ------
        SourceError
            If the folder was written without ``truth=True``, or is damaged.
        """
        at = folder / TRUTH
        try:
            record = json.loads((at / RECORD).read_text())
            config = SimulationConfig.model_validate(record["config"])
            files = (STREAMERS, BROADCASTS, VIEWERS, WATCHES)
            tables = [pd.read_parquet(at / file) for file in files]
            with np.load(at / TASTES, allow_pickle=False) as arrays:
                taste, nearness = arrays["taste"], arrays["nearness"]
        except (OSError, ValueError, KeyError, ValidationError) as error:
            message = f"{at}: no readable truth ({error}); simulate again with truth=True"
            raise SourceError(message) from error
        streamers, broadcasts, viewers, watches = tables
        return cls(config, streamers, broadcasts, viewers, watches, taste, nearness)

    @property
    def clock(self) -> Clock:
        """The clock of the raw files."""
        if self.config.shape == "twitch":
            return Clock(kind="step", step_seconds=600)
        return Clock()

    def scores(self, users: UserIds, times: Ticks, streamers: ItemIds) -> NDArray[np.float64]:
        """Probability that each user chooses each streamer, had it to choose one at that time.

        Parameters
        ----------
        users, times : shape (n_requests,)
            One request each. Only watches with ``start < time`` are remembered.
        streamers : shape (n_streamers,)
            The same for all requests.

        Returns
        -------
        ndarray of float64, shape (n_requests, n_streamers)
            0 for who is not live or whose current broadcast the user has watched already;
            ``nan`` for unknown users and streamers. Rows sum to 1 over all streamers.

        Notes
        -----
        Exact on ``twitch``. On ``kumu`` viewers decide every ten minutes among broadcasts that
        are live at the whole step, while a broadcast counts as live here from its second on.
        """
        row, column = _rows(self.viewers["user"], users), _rows(self._names, streamers)
        scores = np.full((len(row), len(column)), np.nan)
        dense = np.zeros(len(self.streamers))
        for request, (user, tick) in enumerate(zip(row, self._ticks(times), strict=True)):
            if user < 0:
                continue
            who, chance = self._decisions.chances(int(user), int(tick))
            dense[who] = chance
            scores[request, column >= 0] = dense[column[column >= 0]]
            dense[who] = 0.0
        return scores

    def ranks(
        self, users: UserIds, times: Ticks, chosen: ItemIds, *, live: Live = "log"
    ) -> NDArray[np.float64]:
        """Rank of the streamer each user chose when all candidates are ranked by the truth.

        Parameters
        ----------
        users, times, chosen : shape (n_events,)
        live
            Candidates: ``log``, whom some row of the log shows live, as an evaluation on the log
            would have it; ``schedule``, all who were live.

        Returns
        -------
        ndarray of float64, shape (n_events,)
            From 1, the mean over ties; ``nan`` where the chosen one is no candidate.
        """
        row, target = _rows(self.viewers["user"], users), _rows(self._names, chosen)
        ticks = self._ticks(times)
        ranks = np.full(len(row), np.nan)
        for event in np.argsort(ticks, kind="stable"):
            if row[event] < 0 or target[event] < 0:
                continue
            who, chance = self._decisions.chances(int(row[event]), int(ticks[event]))
            if live == "log":
                shown = np.isin(who, self._decisions.shown_at(int(ticks[event])))
                who, chance = who[shown], chance[shown]
            mine = chance[who == target[event]]
            if len(mine):
                ahead, equal = (chance > mine[0]).sum(), (chance == mine[0]).sum()
                ranks[event] = ahead + (equal + 1) / 2
        return ranks

    def oracle(
        self, users: UserIds, times: Ticks, chosen: ItemIds, *, live: Live = "log"
    ) -> dict[str, float]:
        """What the best possible ranking scores on these events: an upper bound in expectation.

        Returns
        -------
        dict
            ``hit_rate_at_k`` and ``ndcg_at_k`` for k in 1, 5, 10 (one relevant item, so the
            ideal gain is 1), ``mrr``, and ``events``, the number of those with a rank. ``nan``
            without events. A model may pass it by luck on few events, or by using what happens
            at the very instant (on the log, the target's own row makes it live).
        """
        ranks = self.ranks(users, times, chosen, live=live)
        ranks = ranks[~np.isnan(ranks)]
        gain = 1 / np.log2(ranks + 1)
        result = {"events": float(len(ranks))}
        for k in (1, 5, 10):
            hit = ranks <= k
            result[f"hit_rate_at_{k}"] = float(hit.mean()) if len(ranks) else float("nan")
            result[f"ndcg_at_{k}"] = float((gain * hit).mean()) if len(ranks) else float("nan")
        result["mrr"] = float((1 / ranks).mean()) if len(ranks) else float("nan")
        return result

    def live_at(self, time: int) -> NDArray[Any]:
        """Identifiers of all streamers who are live at one instant, watched or not."""
        return np.asarray(self._names)[self._decisions.live_at(int(self._ticks([time])[0]))]

    @property
    def _names(self) -> pd.Series:
        return self.streamers["streamer"]

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self)

    def _ticks(self, times: Ticks | list[int]) -> Ticks:
        """Ticks of the shape since the period began."""
        given = np.asarray(times, dtype=np.int64)
        if self.config.shape == "twitch":
            return given
        return np.asarray((given - self.clock.parse(self.config.starts)) // MICROSECONDS)


def _rows(known: pd.Series, wanted: UserIds) -> NDArray[np.int64]:
    found = pd.Index(known).get_indexer(pd.Index(np.asarray(wanted)))
    return np.asarray(found, dtype=np.int64)
