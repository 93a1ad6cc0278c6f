"""A log of any size in the layout of Twitch 100k, made fast: millions of rows a minute.

:mod:`onstage.data.simulate` makes people with tastes, one decision at a time; here only sizes and
tails matter. Rows are drawn by user from a schedule of broadcasts: popular streamers have more,
half of a user's rows go to three favourites, and nobody has two rows of one broadcast.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from onstage.seeds import generator


Whole = NDArray[np.int64]
FILE: Final = "100k_a.csv"
WINDOWS: Final = "windows.csv"
ITEMS: Final = "items.csv"
COUNTS: Final = "counts.json"
"""Written last: the log is whole."""
DAYS, DAY = 43, 144
BLOCK: Final = 2_000_000
"""Rows drawn at once."""
HEAVIEST: Final = 2_000
"""Rows of one user at most."""
SPARE: Final = 2
"""Rows drawn for one that is kept: who has a broadcast already is not given it again."""


@dataclass(frozen=True)
class Platform:
    """How large a log is to be.

    Attributes
    ----------
    rows
        About so many.
    users, streamers
        Of the vocabulary; with few rows not all of them occur.
    live
        Streamers live at an instant, on average.
    seed
        Of the drawing.
    """

    rows: int
    users: int
    streamers: int
    live: int = 900
    seed: int = 0


@dataclass(frozen=True)
class Schedule:
    """Broadcasts, by streamer and then by start; ``first[s]`` to ``first[s + 1]`` are those of one.

    Attributes
    ----------
    cumulative
        How much of all watching falls on the broadcasts up to each.
    """

    streamer: Whole
    start: Whole
    stop: Whole
    first: Whole
    cumulative: NDArray[np.float64]


def schedule(platform: Platform, rng: np.random.Generator) -> Schedule:
    """Once a day at most, about three hours each, at the streamer's own time."""
    lasts = np.clip(rng.lognormal(2.7, 0.5, (platform.streamers, 1)), 3, 60)
    often = platform.live * DAY / lasts.sum()  # of the days
    shows = rng.random((platform.streamers, DAYS)) < often
    shows[np.arange(platform.streamers), rng.integers(DAYS, size=platform.streamers)] = True
    streamer, day = np.nonzero(shows)
    usual = rng.integers(DAY, size=platform.streamers)
    start = day * DAY + np.clip(usual[streamer] + rng.integers(-6, 7, len(day)), 0, DAY - 3)
    length = lasts[streamer, 0] * rng.uniform(0.7, 1.3, len(day))
    stop = np.minimum(start + np.maximum(np.round(length), 2).astype(np.int64), DAYS * DAY)
    popular = rng.permutation(1 / np.arange(1, platform.streamers + 1) ** 0.9)
    weight = popular[streamer] * (stop - start)
    first = np.searchsorted(streamer, np.arange(platform.streamers + 1))
    return Schedule(streamer, start, stop, first, np.cumsum(weight) / weight.sum())


def rows_of(platform: Platform, planned: Schedule) -> Iterator[tuple[Whole, Whole, Whole, Whole]]:
    """Blocks of (user, broadcast, start, stop), by user."""
    rng = generator(platform.seed, "bench", "growth", "rows")
    mean = platform.rows / platform.users
    per_user = rng.lognormal(0, 1.0, platform.users)
    wanted = 5 + rng.poisson(per_user / per_user.mean() * max(mean - 5, 0.0))
    wanted = np.minimum(wanted, HEAVIEST)
    ends = np.cumsum(wanted)
    edges = [0, *np.searchsorted(ends, np.arange(BLOCK, ends[-1], BLOCK)), platform.users]
    for low, high in pairwise(edges):
        yield drawn(wanted[low:high], low, planned, rng)


def drawn(
    wanted: Whole, low: int, planned: Schedule, rng: np.random.Generator
) -> tuple[Whole, Whole, Whole, Whole]:
    """So many rows for each user from `low` on: half of three favourites, half of anybody."""
    n = len(planned.streamer)
    user = np.repeat(np.arange(len(wanted)), SPARE * wanted)
    favourite = planned.streamer[np.searchsorted(planned.cumulative, rng.random((len(wanted), 3)))]
    mine = favourite[user, rng.integers(3, size=len(user))]
    first, many = planned.first[mine], np.diff(planned.first)[mine]
    again = first + (rng.random(len(user)) * many).astype(np.int64)
    anybody = np.searchsorted(planned.cumulative, rng.random(len(user)))
    broadcast = np.where(rng.random(len(user)) < 0.5, again, np.minimum(anybody, n - 1))
    key = np.unique(user * n + broadcast)
    key = key[fewest(key // n, wanted, rng)]
    user, broadcast = key // n + low, key % n
    room = planned.stop[broadcast] - planned.start[broadcast]
    start = planned.start[broadcast] + (rng.random(len(key)) * room).astype(np.int64)
    stop = np.minimum(start + rng.geometric(1 / 3, len(key)), planned.stop[broadcast])
    return user, broadcast, start, np.maximum(stop, start + 1)


def fewest(user: Whole, most: Whole, rng: np.random.Generator) -> Whole:
    """Row numbers, ascending: of each user's rows `most` at random; `user` is sorted."""
    shuffled = np.lexsort((rng.random(len(user)), user))
    place = np.arange(len(user)) - np.searchsorted(user, user)
    return np.sort(shuffled[place < most[user]])


def write(platform: Platform, folder: Path) -> dict[str, int]:
    """Write the log, the windows of all broadcasts and the streamers; says how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    planned = schedule(platform, generator(platform.seed, "bench", "growth", "schedule"))
    names = pa.array([f"streamer{n}" for n in range(platform.streamers)])
    columns = {"streamer": names.take(pa.array(planned.streamer))}
    columns |= {"start": pa.array(planned.start), "stop": pa.array(planned.stop)}
    csv.write_csv(pa.table(columns), folder / WINDOWS)
    csv.write_csv(pa.table({"streamer": names}), folder / ITEMS)
    many = users = 0
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with (folder / FILE).open("wb") as out:
        for user, broadcast, start, stop in rows_of(platform, planned):
            streamer = names.take(pa.array(planned.streamer[broadcast]))
            arrays = [
                pa.array(user),
                pa.array(broadcast),
                streamer,
                pa.array(start),
                pa.array(stop),
            ]
            table = pa.table(arrays, names=["user", "stream", "streamer", "start", "stop"])
            csv.write_csv(table, out, options)
            many += len(user)
            users += len(np.unique(user))
    counts = {"rows": many, "users": users, "broadcasts": len(planned.streamer)}
    (folder / COUNTS).write_text(json.dumps(counts))
    return counts
