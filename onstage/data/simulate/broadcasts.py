"""Broadcasts: who streams from when to when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.laws import LAWS
from onstage.data.simulate.streamers import Streamers
from onstage.seeds import generator


WARM_UP_DAYS = 2
"""The platform is already running when the log begins."""
CHUNK = 16_384
"""Streamers whose calendar is drawn together; part of what a seed means."""
BREAK = 2
"""Steps between two broadcasts of one streamer, at least."""


@dataclass(frozen=True)
class Broadcasts:
    """All broadcasts of the platform, sorted by streamer and start.

    Attributes
    ----------
    streamer : ndarray of int64, shape (n_broadcasts,)
    start, stop : ndarray of int64, shape (n_broadcasts,)
        Steps, half-open, ``start < stop``; a start below 0 is before the log begins.
    weight : ndarray of float64, shape (n_broadcasts,)
        How much it draws viewers who are looking around.
    """

    streamer: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    weight: NDArray[np.float64]
    horizon: int

    def __len__(self) -> int:
        return len(self.streamer)

    def keys(self) -> NDArray[np.int64]:
        """Sorted numbers of (streamer, start), for :func:`current`."""
        return self.streamer * span(self.horizon) + self.start + WARM_UP_DAYS * STEPS_PER_DAY


def span(horizon: int) -> int:
    """How far apart two streamers are in :meth:`Broadcasts.keys`."""
    return horizon + 2 * WARM_UP_DAYS * STEPS_PER_DAY


def make_broadcasts(config: SimulationConfig, streamers: Streamers) -> Broadcasts:
    """Draw every broadcast that overlaps the period."""
    chunks = [
        _calendar(config, streamers, first, chunk)
        for chunk, first in enumerate(range(0, len(streamers), CHUNK))
    ]
    streamer, start, stop, luck = (np.concatenate([chunk[i] for chunk in chunks]) for i in range(4))
    streamer, start, stop = (a.astype(np.int64) for a in (streamer, start, stop))
    exposure = np.bincount(streamer, stop - start, minlength=len(streamers))
    weeks = config.horizon / (7 * STEPS_PER_DAY)
    expected = streamers.rate * weeks * streamers.length
    weight = streamers.audience / np.maximum(exposure, 0.5 * expected)
    return Broadcasts(streamer, start, stop, weight[streamer] * luck, config.horizon)


def _calendar(
    config: SimulationConfig, streamers: Streamers, first: int, chunk: int
) -> tuple[NDArray[np.float64], ...]:
    """Streamer, start, stop (steps) and luck of the broadcasts of one chunk of streamers."""
    law = LAWS[config.shape]
    rng = generator(config.seed, "simulate", config.shape, "calendar", str(chunk))
    part = slice(first, min(first + CHUNK, len(streamers)))
    rate, usual = streamers.rate[part], streamers.usual[part]
    n, days = len(rate), -(-config.horizon // STEPS_PER_DAY) + WARM_UP_DAYS
    weekday = (np.arange(days) - WARM_UP_DAYS) % 7
    on = streamers.weekdays[part]
    chance = on[:, weekday] * np.minimum(rate / on.sum(axis=1), 1.0)[:, None]
    row, day = np.nonzero(rng.random((n, days)) < chance)
    start = (day - WARM_UP_DAYS) * STEPS_PER_DAY + usual[row]
    start += np.rint(rng.normal(0, 5, len(row))).astype(np.int64)
    spread = law.broadcasts[1]
    length = streamers.length[part][row] * np.exp(spread * rng.standard_normal(len(row)))
    length = np.clip(np.rint(length), 2, law.broadcasts[2])
    marathon = rng.random(len(row)) < law.marathon
    days_on = np.rint(rng.uniform(1.5, 12, len(row)) * STEPS_PER_DAY)
    stop = start + np.where(marathon, days_on, length).astype(np.int64)
    luck = np.exp(0.3 * rng.standard_normal(len(row)))
    stop = np.minimum(stop, config.horizon)
    keep = (stop > np.maximum(start, 0)) & (start >= -WARM_UP_DAYS * STEPS_PER_DAY)
    keep[keep] = _apart(row[keep], start[keep], stop[keep])
    return row[keep] + float(first), start[keep], stop[keep], luck[keep]


def _apart(
    row: NDArray[np.int64], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which broadcasts do not begin before the streamer's earlier ones have ended."""
    order = np.lexsort((start, row))
    wide = int(stop.max(initial=0)) + 2 * WARM_UP_DAYS * STEPS_PER_DAY + 1
    shift = row[order] * wide
    reach = np.maximum.accumulate(stop[order] + BREAK + shift)
    apart = np.ones(len(row), dtype=np.bool_)
    apart[order[1:]] = start[order[1:]] + shift[1:] >= reach[:-1]
    return apart
