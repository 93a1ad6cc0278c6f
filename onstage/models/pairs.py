"""Requests whose candidate sets few share: scored many at a time, as flat pairs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.requests import ragged
from onstage.types import Positions


FEW = 4
"""A candidate set asked for by fewer requests than this is scored as pairs, not as a block."""


@dataclass(frozen=True)
class Pairs:
    """Candidates of some requests, one after the other.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Request numbers, ascending.
    bounds : ndarray of int64, shape (n + 1,)
        The pairs of ``rows[i]`` are ``bounds[i]:bounds[i + 1]``.
    item : ndarray of int64, shape (n_pairs,)
        Candidate positions, ascending within a request.
    excluded : ndarray of bool, shape (n_pairs,)
        Pairs that are no candidates after all.
    """

    rows: Positions
    bounds: Positions
    item: Positions
    excluded: NDArray[np.bool_]

    @property
    def line(self) -> Positions:
        """Index into ``rows`` of each pair."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.bounds))


def alone(candidates: Candidates) -> NDArray[np.bool_]:
    """Requests whose set is shared by fewer than :data:`FEW`, shape (n_requests,)."""
    sharing = np.bincount(candidates.of, minlength=len(candidates.indptr) - 1)
    return np.asarray(sharing[candidates.of] < FEW)


def pairs(candidates: Candidates, rows: Positions, cells: int) -> Iterator[Pairs]:
    """Walk over the candidates of `rows` (ascending) in chunks of about `cells` pairs."""
    starts, stops = (
        candidates.indptr[candidates.of[rows]],
        candidates.indptr[candidates.of[rows] + 1],
    )
    before = np.cumsum(stops - starts) - (stops - starts)
    for chunk in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(before // cells)) + 1):
        if len(chunk) == 0:
            continue
        line, place = ragged(starts[chunk], stops[chunk])
        item = candidates.items[place]
        bounds = np.concatenate(([0], np.cumsum(stops[chunk] - starts[chunk])))
        yield Pairs(rows[chunk], bounds, item, _excluded(candidates, rows[chunk][line], item))


def _excluded(candidates: Candidates, request: Positions, item: Positions) -> NDArray[np.bool_]:
    """Which (request, item) pairs are excluded; `request` ascending."""
    if len(request) == 0 or len(candidates.excluded_request) == 0:
        return np.zeros(len(item), dtype=np.bool_)
    low = np.searchsorted(candidates.excluded_request, request[0], side="left")
    high = np.searchsorted(candidates.excluded_request, request[-1], side="right")
    gone = candidates.excluded_item[low:high]
    span = max(int(item.max()), int(gone.max(initial=0))) + 1
    return np.isin(request * span + item, candidates.excluded_request[low:high] * span + gone)
