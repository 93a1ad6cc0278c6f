"""Comments, likes, coins, and how often a watch was interrupted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.watching import Watches
from onstage.seeds import generator


SPENDERS = 0.08
"""Share of viewers who ever give coins."""
INTERRUPTED = 0.12
"""Share of watches that the log holds in two entries."""
SHORTEST = 60
"""Seconds from which a watch may be interrupted."""


@dataclass(frozen=True)
class Habits:
    """What each viewer is like, shape (n_users,)."""

    talk: NDArray[np.float64]
    """Comments in ten minutes."""
    wealth: NDArray[np.float64]
    """Median gift in coins; 0 for who never gives."""


@dataclass(frozen=True)
class Engagement:
    """One row per watch.

    Attributes
    ----------
    comments, likes, gifts, coins : ndarray of int64
    first : ndarray of int64
        Seconds of the first log entry; the rest of the watch, if any, is in a second one.
    """

    comments: NDArray[np.int64]
    likes: NDArray[np.int64]
    gifts: NDArray[np.int64]
    coins: NDArray[np.int64]
    first: NDArray[np.int64]


def make_habits(config: SimulationConfig) -> Habits:
    """Draw who talks and who gives."""
    rng = generator(config.seed, "simulate", config.shape, "habits")
    n = config.users
    wealth = np.exp(rng.normal(4.0, 1.6, n)) * (rng.random(n) < SPENDERS)
    return Habits(talk=rng.gamma(0.5, 0.8, n), wealth=wealth)


def engage(rng: np.random.Generator, habits: Habits, watches: Watches) -> Engagement:
    """Draw what happened during each watch (durations in seconds)."""
    seconds = watches.stop - watches.start
    tens = np.minimum(seconds, 4 * 3_600) / 600
    gifts = rng.poisson(np.where(habits.wealth[watches.user] > 0, 0.12 * np.sqrt(tens), 0.0))
    size = habits.wealth[watches.user] * np.exp(0.8 * rng.standard_normal(len(watches)))
    cut = np.floor(seconds * rng.uniform(0.05, 0.95, len(watches))).astype(np.int64)
    interrupted = (rng.random(len(watches)) < INTERRUPTED) & (seconds >= SHORTEST)
    return Engagement(
        comments=rng.poisson(habits.talk[watches.user] * tens),
        likes=rng.poisson(1.5 * tens * rng.gamma(0.4, 2.5, len(watches))),
        gifts=gifts,
        coins=np.where(gifts > 0, np.maximum(1, np.rint(gifts * size)), 0).astype(np.int64),
        first=np.where(interrupted, np.maximum(cut, 1), seconds),
    )
