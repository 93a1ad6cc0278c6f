"""Streamers: their audience, their genre, and the hours they keep."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.data.simulate.config import STEPS_PER_DAY, SimulationConfig
from onstage.data.simulate.laws import GENRES, LAWS, Law
from onstage.seeds import generator


DEALT = 1_000
"""So many of the most popular are dealt out over the communities by audience, not by chance."""

EVENING = 0.75
"""Share of streamers who usually begin around 19:00 in their own time zone."""


@dataclass(frozen=True)
class Streamers:
    """One row per streamer; position 0 is the most popular.

    Attributes
    ----------
    audience : ndarray of float64, shape (n_streamers,)
        Relative number of viewers that find them.
    community, genre : ndarray of int64, shape (n_streamers,)
    usual : ndarray of int64, shape (n_streamers,)
        Usual start in steps after midnight UTC.
    weekdays : ndarray of bool, shape (n_streamers, 7)
        Days on which they usually stream; day 0 is the weekday of step 0.
    rate : ndarray of float64, shape (n_streamers,)
        Broadcasts a week.
    length : ndarray of float64, shape (n_streamers,)
        Median length of their broadcasts in steps.
    hold : ndarray of float64, shape (n_streamers,)
        How long they hold a viewer, standard normal.
    """

    audience: NDArray[np.float64]
    community: NDArray[np.int64]
    genre: NDArray[np.int64]
    usual: NDArray[np.int64]
    weekdays: NDArray[np.bool_]
    rate: NDArray[np.float64]
    length: NDArray[np.float64]
    hold: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.audience)

    @property
    def cell(self) -> NDArray[np.int64]:
        """Community and genre in one number."""
        return self.community * GENRES + self.genre


def make_streamers(config: SimulationConfig) -> Streamers:
    """Draw every streamer of the platform."""
    law = LAWS[config.shape]
    n = law.streamers(config)
    rng = generator(config.seed, "simulate", config.shape, "streamers")
    audience = law.popularity.weights(n)
    shares = np.array([share for share, _ in law.communities])
    offsets = np.array([hours for _, hours in law.communities])
    community = _deal(rng, audience, shares / shares.sum())
    local = np.where(rng.random(n) < EVENING, rng.normal(19.0, 2.2, n), rng.uniform(8, 26, n))
    usual = np.mod(np.rint((local - offsets[community]) * 6), STEPS_PER_DAY).astype(np.int64)
    rate = _rates(rng, law, n)
    days = np.clip(np.ceil(rate + rng.uniform(0, 1.5, n)), 1, 7)
    order = np.argsort(rng.random((n, 7)), axis=1)
    return Streamers(
        audience=audience,
        community=community,
        genre=rng.permutation(np.arange(n) % GENRES) if n > DEALT else np.arange(n) * 5 % GENRES,
        usual=usual,
        weekdays=order < days[:, None],
        rate=rate,
        length=law.broadcasts[0] * np.exp(0.35 * rng.standard_normal(n)),
        hold=rng.standard_normal(n),
    )


def _rates(rng: np.random.Generator, law: Law, n: int) -> NDArray[np.float64]:
    top, bend, fall = law.rate
    typical = top * (1 + np.arange(n) / bend) ** -fall
    return np.clip(typical * np.exp(0.35 * rng.standard_normal(n) - 0.06), 0.15, 6.9)


def _deal(
    rng: np.random.Generator, audience: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Give each community its share of the audience: the popular by turns, the rest by chance."""
    community = rng.choice(len(shares), size=len(audience), p=shares)
    given = np.zeros(len(shares))
    for rank in range(min(DEALT, len(audience))):
        given_after = (given + audience[rank]) / shares
        community[rank] = int(np.argmin(given_after))
        given[community[rank]] += audience[rank]
    return community.astype(np.int64)
