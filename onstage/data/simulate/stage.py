"""The platform before anybody watches: streamers, their broadcasts, who is live when."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from onstage.data.simulate.broadcasts import (
    WARM_UP_DAYS,
    Broadcasts,
    make_broadcasts,
    span,
)
from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.laws import GENRES, LAWS, Law
from onstage.data.simulate.live import LiveTable, make_live_table
from onstage.data.simulate.streamers import Streamers, make_streamers
from onstage.seeds import generator


@dataclass(frozen=True)
class Stage:
    """Everything that does not depend on the viewers.

    Attributes
    ----------
    begins, ends : ndarray of int64, shape (n_broadcasts,)
        Start and end of each broadcast in ticks. On ``kumu`` a broadcast goes live up to ten
        minutes before its first step and lasts up to ten minutes beyond its last.
    """

    config: SimulationConfig
    streamers: Streamers
    broadcasts: Broadcasts
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def build(cls, config: SimulationConfig) -> Self:
        """Draw the platform of `config`."""
        streamers = make_streamers(config)
        broadcasts = make_broadcasts(config, streamers)
        ticks = LAWS[config.shape].ticks_per_step
        rng = generator(config.seed, "simulate", config.shape, "jitter")
        early, late = rng.integers(0, ticks, (2, len(broadcasts)))
        ends = np.minimum(broadcasts.stop * ticks + late, config.horizon * ticks)
        return cls(config, streamers, broadcasts, broadcasts.start * ticks - early, ends)

    @property
    def law(self) -> Law:
        """The shape's law."""
        return LAWS[self.config.shape]

    @cached_property
    def live(self) -> LiveTable:
        """Who is live at each step."""
        cells = len(self.law.communities) * GENRES
        return make_live_table(self.broadcasts, self.streamers, cells)

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        return self.broadcasts.keys()

    def current(self, streamer: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        """The broadcast of each streamer at each step; -1 where not live, or for streamer -1."""
        wanted = streamer * span(self.config.horizon) + step + WARM_UP_DAYS * STEPS_PER_DAY
        found = np.searchsorted(self._keys, wanted, side="right") - 1
        of, stop = self.broadcasts.streamer[found], self.broadcasts.stop[found]
        return np.where((of == streamer) & (step < stop) & (found >= 0), found, -1)
