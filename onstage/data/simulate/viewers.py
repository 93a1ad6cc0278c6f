"""Viewers: their tastes, how active and loyal they are, and when they tune in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.laws import GENRES, LAWS, Law
from onstage.seeds import generator


BLOCK = 2_048
"""Viewers simulated together; part of what a seed means."""
ELSEWHERE = 0.02
"""Weight of a community that is not one's own."""
SHARED = 0.05
"""Weight of the largest community for everybody else."""
EVENING = 0.8
"""Share of viewers whose usual time is around 20:00 in their own time zone."""
GROWTH = 0.85
"""Exponent below 1: the platform grows, so there is more to see of the end than of the start."""
REGULAR = 0.85
"""Share of sessions around the viewer's usual time."""
SPREAD = 22
"""Standard deviation of those in steps."""


@dataclass(frozen=True)
class Viewers:
    """One row per viewer of a block, the most active first.

    Attributes
    ----------
    user : ndarray of int64, shape (n_viewers,)
        Position on the platform.
    rows : ndarray of int64, shape (n_viewers,)
        How often they will watch.
    community : ndarray of int64, shape (n_viewers,)
    taste : ndarray of float64, shape (n_viewers, n_genres)
        Sums to 1.
    loyalty, novelty : ndarray of float64, shape (n_viewers,)
        Own factors on the configuration's.
    patience : ndarray of float64, shape (n_viewers,)
        How long they stay, standard normal.
    plan : ndarray of int64, shape (n_viewers, most rows)
        Step at which each watch begins, rising; -1 beyond :attr:`rows`.
    noise : ndarray of float64, shape (n_viewers, most rows)
        Standard normal part of each watch's length.
    """

    user: NDArray[np.int64]
    rows: NDArray[np.int64]
    community: NDArray[np.int64]
    taste: NDArray[np.float64]
    loyalty: NDArray[np.float64]
    novelty: NDArray[np.float64]
    patience: NDArray[np.float64]
    plan: NDArray[np.int64]
    noise: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.user)


def nearness(law: Law) -> NDArray[np.float64]:
    """How much a viewer of one community (row) cares for another's streamers (column)."""
    n = len(law.communities)
    near = np.full((n, n), ELSEWHERE)
    near[:, 0] = SHARED
    np.fill_diagonal(near, 1.0)
    return near


def blocks(users: int) -> int:
    """Number of blocks."""
    return -(-users // BLOCK)


def make_viewers(config: SimulationConfig, block: int) -> Viewers:
    """Draw one block of viewers and the times at which they watch."""
    law = LAWS[config.shape]
    rng = generator(config.seed, "simulate", config.shape, "viewers", str(block))
    first = block * BLOCK
    n = min(BLOCK, config.users - first)
    rows = np.minimum(law.rows(rng.random(n)), config.horizon // 2)
    order = np.argsort(-rows, kind="stable")
    shares = np.array([share for share, _ in law.communities])
    community = rng.choice(len(shares), size=n, p=shares / shares.sum())
    taste = rng.dirichlet(np.full(GENRES, 0.4), size=n) ** config.focus + 1e-3
    patience = rng.standard_normal(n)
    width = int(rows.max())
    noise = rng.standard_normal((n, width))
    loyalty = np.exp(0.6 * rng.standard_normal(n))
    novelty = np.exp(0.4 * rng.standard_normal(n))
    length = law.length(special.ndtr(0.45 * patience[:, None] + 0.89 * noise))
    offset = np.array([hours for _, hours in law.communities])[community]
    favourite = np.where(rng.random(n) < EVENING, rng.normal(20.0, 2.5, n), rng.uniform(0, 24, n))
    hour = np.rint((favourite - offset) * 6)
    plan = _plan(rng, config, rows, hour, length // law.ticks_per_step)
    return Viewers(
        user=first + order,
        rows=rows[order],
        community=community[order],
        taste=(taste / taste.sum(axis=1, keepdims=True))[order],
        loyalty=loyalty[order],
        novelty=novelty[order],
        patience=patience[order],
        plan=plan[order],
        noise=noise[order],
    )


def _plan(
    rng: np.random.Generator,
    config: SimulationConfig,
    rows: NDArray[np.int64],
    hour: NDArray[np.float64],
    length: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Steps at which each watch begins: sessions, and one watch after the other within one."""
    n, width = length.shape
    number = np.arange(width)
    opens = rng.random((n, width)) < 1 / LAWS[config.shape].rows_per_session
    opens[:, 0] = True
    session = np.cumsum(opens, axis=1) - 1
    times = _session_times(rng, config, rows, hour, width)
    times[number >= (opens & (number < rows[:, None])).sum(axis=1)[:, None]] = config.horizon
    times.sort(axis=1)
    lasted = np.cumsum(length + rng.integers(0, 3, (n, width)), axis=1)
    before = np.concatenate([np.zeros((n, 1), dtype=np.int64), lasted[:, :-1]], axis=1)
    head = np.maximum.accumulate(np.where(opens, number, 0), axis=1)
    into = before - np.take_along_axis(before, head, axis=1)
    steps = np.take_along_axis(times, session, axis=1) + into
    steps = np.maximum.accumulate(steps - number, axis=1) + number
    latest = config.horizon - rows[:, None] + number
    return np.where(number < rows[:, None], np.minimum(steps, latest), -1)


def _session_times(
    rng: np.random.Generator,
    config: SimulationConfig,
    rows: NDArray[np.int64],
    hour: NDArray[np.float64],
    width: int,
) -> NDArray[np.int64]:
    """Starts of possible sessions, unsorted: any day of a viewer's active time, usual hours."""
    n, horizon = len(rows), config.horizon
    part = rng.random(n) < 0.37 * (5 / (rows + 4)) ** 0.6
    active = np.maximum(2.0, horizon * np.where(part, rng.random(n), 1.0))
    begins = rng.random(n) ** GROWTH * (horizon - active)
    when = begins[:, None] + active[:, None] * rng.random((n, width)) ** GROWTH
    usual = np.where(
        rng.random((n, width)) < REGULAR,
        rng.normal(hour[:, None], SPREAD, (n, width)),
        rng.uniform(0, STEPS_PER_DAY, (n, width)),
    )
    at_hour = when // STEPS_PER_DAY * STEPS_PER_DAY + np.mod(usual, STEPS_PER_DAY)
    at_hour = np.where(at_hour >= horizon, at_hour - STEPS_PER_DAY, at_hour)
    brief = active[:, None] < 2 * STEPS_PER_DAY
    steps = np.floor(np.where(brief, when, at_hour)).astype(np.int64)
    return np.asarray(np.clip(steps, 0, horizon - 1))
