"""The platforms' laws: how much people watch, how long, and how popular streamers are."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from onstage.data.simulate.config import STEPS_PER_DAY, Shape, SimulationConfig


GENRES: Final = 8
"""Kinds of content; a streamer has one, a viewer a taste for each."""


@dataclass(frozen=True)
class Popularity:
    """Audience by rank ``r`` from 0: ``(r + shift)^-head * (1 + r / bend)^-tail``.

    On ``twitch`` the constants began as a least-squares fit in logarithms of viewers per streamer
    (Twitch 100k) over ranks 1 to 40,000 and were then moved until the simulated viewers per
    streamer fitted: a popular streamer runs out of people who do not know them.
    """

    shift: float
    head: float
    bend: float
    tail: float
    ranks: int | None = None
    """Stretch the ranks so that the last is this; None: take them as they are."""

    def weights(self, streamers: int) -> NDArray[np.float64]:
        """Relative audience of each rank, shape (streamers,)."""
        rank = np.arange(streamers) * (1.0 if self.ranks is None else self.ranks / streamers)
        return np.asarray((rank + self.shift) ** -self.head * (1 + rank / self.bend) ** -self.tail)


@dataclass(frozen=True)
class Law:
    """All that differs between the shapes besides the files.

    Durations are in *ticks*: 10-minute steps on ``twitch``, seconds on ``kumu``.
    """

    ticks_per_step: int
    least_rows: int
    """Fewest rows of a viewer."""
    rows_shape: float
    rows_scale: float
    """Rows above the fewest are gamma distributed."""
    most_rows: int
    communities: tuple[tuple[float, int], ...]
    """Share of people, and hours ahead of UTC: languages keep to themselves."""
    popularity: Popularity
    roster: tuple[int, float]
    """Streamers per 100,000 users, and the exponent by which they grow with users."""
    broadcasts: tuple[float, float, int]
    """Median length in steps, standard deviation of its logarithm, and longest."""
    rate: tuple[float, float, float]
    """Broadcasts a week of the most popular, the rank at which it falls, and how fast."""
    marathon: float
    """Share of broadcasts that go on for days."""
    rows_per_session: float
    length: Callable[[NDArray[np.float64]], NDArray[np.int64]]
    """Quantile function of the watch length in ticks."""
    novelty: float
    """Weight of somebody new against one remembered visit yesterday, before the configuration."""

    @property
    def ticks_per_day(self) -> int:
        """Ticks in 24 hours."""
        return self.ticks_per_step * STEPS_PER_DAY

    def streamers(self, config: SimulationConfig) -> int:
        """Streamers on the platform."""
        if config.streamers is not None:
            return config.streamers
        full, exponent = self.roster
        return max(100, int(full * float(config.users / 100_000) ** exponent))

    def rows(self, quantile: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rows of a viewer at `quantile` (0 to 1) of activity."""
        widest = (self.most_rows - self.least_rows + 1) / self.rows_scale
        inside = quantile * special.gammainc(self.rows_shape, widest)
        above = special.gammaincinv(self.rows_shape, inside) * self.rows_scale
        return np.asarray(np.minimum(self.least_rows + above.astype(np.int64), self.most_rows))


def twitch_length(quantile: NDArray[np.float64]) -> NDArray[np.int64]:
    """Watch length in steps: one plus a floored Weibull (shape .5, scale 1.7).

    Longer than in the log, because the end of the broadcast cuts many short.
    """
    return 1 + np.floor(1.7 * (-np.log1p(-quantile)) ** (1 / 0.5)).astype(np.int64)


_BODY_SHARE: Final = 0.83


def kumu_length(quantile: NDArray[np.float64]) -> NDArray[np.int64]:
    """Watch length in seconds: a Weibull for most, a log-normal for those who stay on.

    Fitted to the quartiles, mean, deviation, skewness and kurtosis of the Kumu notebook, and
    lengthened, because the end of the broadcast cuts many short. The values of both are put in
    order, so a higher quantile is a longer watch.
    """
    grid = _kumu_grid()
    place = np.clip(quantile, 0.0, 1.0) * (len(grid) - 1)
    return np.maximum(1, np.interp(place, np.arange(len(grid)), grid)).astype(np.int64)


def _kumu_grid(points: int = 200_001) -> NDArray[np.float64]:
    if not _GRID:
        quantile = (np.arange(points) + 0.5) / points
        body = 2_080 * (-np.log1p(-quantile[: round(points * _BODY_SHARE)] / _BODY_SHARE)) ** (
            1 / 1.693
        )
        stay = np.linspace(0, 1, points - len(body) + 2)[1:-1]
        tail = np.exp(9.75 + 1.09 * special.ndtri(stay))
        _GRID.append(np.sort(np.minimum(np.concatenate([body, tail]), 1_014_573)))
    return _GRID[0]


_GRID: list[NDArray[np.float64]] = []

_TWITCH: Final = Law(
    ticks_per_step=1,
    least_rows=5,
    rows_shape=0.52,
    rows_scale=51.0,
    most_rows=327,
    communities=(
        (0.33, -5),
        (0.18, 1),
        (0.12, 1),
        (0.085, 8),
        (0.07, 3),
        (0.065, -3),
        (0.055, 1),
        (0.04, 9),
        (0.03, 0),
        (0.015, 7),
        (0.01, -8),
    ),
    popularity=Popularity(shift=1.5, head=0.7, bend=1_145.0, tail=0.64),
    roster=(550_000, 0.75),
    broadcasts=(24.0, 0.45, 100),
    rate=(6.2, 35_000.0, 1.3),
    marathon=0.0,
    rows_per_session=1.5,
    length=twitch_length,
    novelty=0.75,
)

_KUMU: Final = Law(
    ticks_per_step=600,
    least_rows=1,
    rows_shape=0.4,
    rows_scale=75.0,
    most_rows=1_500,
    communities=((0.62, 8), (0.16, 8), (0.1, 8), (0.07, 4), (0.05, -8)),
    popularity=Popularity(shift=2.0, head=0.6, bend=300.0, tail=1.45, ranks=10_000),
    roster=(40_000, 1.0),
    broadcasts=(14.0, 0.9, 288),
    rate=(6.0, 1_500.0, 0.6),
    marathon=0.014,
    rows_per_session=1.8,
    length=kumu_length,
    novelty=2.0,
)

LAWS: Final = MappingProxyType[Shape, Law]({"twitch": _TWITCH, "kumu": _KUMU})
