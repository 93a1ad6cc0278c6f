"""Past events to learn from: who was live when a user chose, and whom the user chose."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.features.live.asked import Asked
from onstage.models.pairs import pairs
from onstage.models.ranker.config import RankerConfig
from onstage.splitting.live import own_only
from onstage.splitting.settle import is_candidate
from onstage.types import Positions, Scores, Ticks


CHUNK_PAIRS = 1 << 19

SPARE = 4
"""Rows looked at for each event that is wanted."""


def drawn(config: RankerConfig, dataset: Dataset, rng: np.random.Generator) -> Positions:
    """Row numbers of the events to learn from, ascending: a sample of the newest days.

    More than asked for, since not every target was live by somebody else.
    """
    if len(dataset) == 0:
        return np.empty(0, dtype=np.int64)
    since = dataset.time[-1] - dataset.clock.span(days=config.days)
    rows = np.flatnonzero((dataset.time > since) & (dataset.time > dataset.time[0]))
    most = SPARE * config.events
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def parts(rows: Positions, times: Ticks, n: int) -> Iterator[Positions]:
    """Cut rows into at most `n` runs of about equal length, never within an instant."""
    edges = times[rows[np.arange(1, n) * len(rows) // n]] if len(rows) else times[:0]
    for some in np.split(rows, np.searchsorted(times[rows], np.unique(edges), side="left")):
        if len(some):
            yield some


def events_of(
    dataset: Dataset,
    availability: AvailabilityIndex,
    rows: Positions,
    most: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Asked, NDArray[np.bool_]]]:
    """Turn rows into events in which the target is live by somebody else, chunk by chunk.

    Parameters
    ----------
    dataset
        Decides who else was watching. In a log without ends everything is a candidate.
    rows
        Row numbers, ascending.
    most
        Events; drawn at random where there are more.

    Yields
    ------
    asked
        Every candidate of some events.
    chosen : ndarray of bool, shape (n_pairs,)
        One True an event.
    """
    requests = Requests(dataset.user[rows], dataset.time[rows])
    target = dataset.item[rows]
    candidates = availability.candidates(requests.times)
    if dataset.ends is not None:
        candidates = candidates.without(*own_only(dataset, requests))
    kept = np.flatnonzero(is_candidate(candidates, np.arange(len(rows)), target, dataset.n_items))
    if len(kept) > most:
        kept = np.sort(rng.choice(kept, most, replace=False))
    requests, target = requests.take(kept), target[kept]
    for some in pairs(candidates.take(kept), np.arange(len(kept)), CHUNK_PAIRS):
        line, item = some.line[~some.excluded], some.item[~some.excluded]
        asked = Asked(requests.take(some.rows), line, item, dataset.n_items)
        yield asked, item == target[some.rows][line]


def fewer(
    asked: Asked, chosen: NDArray[np.bool_], most: int, rng: np.random.Generator
) -> Positions:
    """Pairs to learn from: the chosen one and at most `most` others an event, ascending."""
    luck = np.where(chosen, np.inf, rng.random(len(asked))).astype(np.float32)
    return np.flatnonzero(best_of(asked, luck, most + 1))


def best_of(asked: Asked, scores: Scores, k: int) -> NDArray[np.bool_]:
    """Mark the `k` largest scores of each request, shape (n_pairs,); of equal ones the first."""
    sizes = np.diff(asked.bounds)
    wide = np.full((len(sizes), sizes.max(initial=0)), -np.inf, dtype=np.float32)
    inside = np.arange(wide.shape[1])[None] < sizes[:, None]
    wide[inside] = scores
    if wide.shape[1] <= k:
        return np.ones(len(asked), dtype=np.bool_)
    edge = np.partition(wide, -k, axis=1)[:, -k, None]
    above, equal = wide > edge, wide == edge
    room = k - np.count_nonzero(above, axis=1)[:, None]
    return np.asarray((above | (equal & (np.cumsum(equal, axis=1) <= room)))[inside])
