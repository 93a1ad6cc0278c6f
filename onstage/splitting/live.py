"""Live-streaming events: who is live when a user starts to watch."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from onstage.availability.audience import Audience
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.grouping import grouped
from onstage.data.requests import Requests, ragged
from onstage.errors import SplitError
from onstage.splitting.holdout import Holdout, Holdouts
from onstage.splitting.protocol import LiveProtocol
from onstage.splitting.settle import settle
from onstage.types import Positions


LEAST_ROWS = 2
"""Rows a user needs in a window: one input and the target."""


@dataclass(frozen=True)
class _Window:
    """One part ``[low, high)`` of the log: row numbers of the targets and of their inputs."""

    high: int
    targets: Positions
    inputs: Positions


def live_holdouts(
    protocol: LiveProtocol, dataset: Dataset, availability: AvailabilityIndex
) -> Holdouts:
    """Cut the last two windows off a log, one event a user in each.

    Models are fitted on rows that stop before the first of the two, for the test part too: the
    live protocol never refits on validation.

    Parameters
    ----------
    protocol
        Track, window, length of the parts.
    dataset
        A row without an end stops when it starts.
    availability
        Who is live when.

    Raises
    ------
    SplitError
        If nothing is left to train on or to ask, or track C is asked of a log without ends.

    References
    ----------
    Rappaz, McAuley, Aberer, RecSys 2021, and its released code, for track A; ``docs/evaluation.md``
    for B and C and for the one deviation (inputs that start together with the target).
    """
    second, length = live_cut(protocol, dataset), part_ticks(protocol, dataset)
    first, last = second - length, second + length
    stop = dataset.time if dataset.ends is None else dataset.ends
    train = stop < first
    if not train.any():
        at = dataset.clock.render(first)
        message = f"live: no row stops before {at}, where validation starts; lower part_steps"
        raise SplitError(message)
    build = partial(_part, protocol, dataset, availability)
    windows = _window(protocol, dataset, first, second), _window(protocol, dataset, second, last)
    known = dataset.where(train)
    return Holdouts(build("validation", known, windows[0]), build("test", known, windows[1]))


def live_cut(protocol: LiveProtocol, dataset: Dataset) -> int:
    """First tick of the test part: one part before the last row stops.

    Raises
    ------
    SplitError
        If the log has no rows.
    """
    if len(dataset) == 0:
        message = "live: the log has no rows; a split needs rows on both sides"
        raise SplitError(message)
    stop = dataset.time if dataset.ends is None else dataset.ends
    return int(max(dataset.time[-1], stop.max())) - part_ticks(protocol, dataset)


def part_ticks(protocol: LiveProtocol, dataset: Dataset) -> int:
    """Length of one part in ticks of the dataset's clock."""
    if dataset.clock.kind == "step":
        return protocol.part_steps
    return round(dataset.clock.span(seconds=protocol.part_steps * protocol.part_step_seconds))


def _window(protocol: LiveProtocol, dataset: Dataset, low: int, high: int) -> _Window:
    stop = dataset.time if dataset.ends is None else dataset.ends
    rows = np.flatnonzero(stop < high)
    rows = rows[grouped(dataset.user[rows])]  # by user, then by start
    counts = np.bincount(dataset.user[rows], minlength=dataset.n_users)
    end = np.cumsum(counts)
    begin = end - np.minimum(counts, protocol.window)
    users = np.flatnonzero(counts >= LEAST_ROWS)
    users = users[dataset.time[rows[end[users] - 1]] >= low]
    _, inside = ragged(begin[users], end[users] - 1)
    return _Window(high, rows[end[users] - 1], np.sort(rows[inside]))


def _part(
    protocol: LiveProtocol,
    dataset: Dataset,
    availability: AvailabilityIndex,
    part: str,
    train: Dataset,
    window: _Window,
) -> Holdout:
    if len(window.targets) == 0:
        message = (
            f"live {part}: no user has {LEAST_ROWS} rows that stop before "
            f"{dataset.clock.render(window.high)} and the newest inside the part; raise part_steps"
        )
        raise SplitError(message)
    requests = Requests(dataset.user[window.targets], dataset.time[window.targets])
    candidates = availability.candidates(requests.times)
    if protocol.track == "C":
        candidates = candidates.without(*own_only(dataset, requests))
    short = protocol.track == "A"  # only the inputs are known, as in the released code
    draft = Holdout(
        protocol=protocol.name,
        part=part,
        train=train,
        history=dataset.where(window.inputs) if short else dataset.before(window.high),
        requests=requests,
        candidates=candidates,
        relevant_indptr=np.arange(len(requests) + 1),
        relevant=dataset.item[window.targets],
        repeat=np.zeros(len(requests), dtype=np.bool_),
        policy=protocol.repeat,
        window=protocol.window - 1 if short else None,
    )
    return settle(draft, dataset)


def own_only(dataset: Dataset, requests: Requests) -> tuple[Positions, Positions]:
    """Items that no other user's row makes live at the request: (request numbers, items).

    Only items that the asking user watches at ``t`` are looked at, the target among them.

    Raises
    ------
    SplitError
        If the log has no ends, so that no row makes anything live.
    """
    if dataset.ends is None:
        message = "live-C: the log has no end times, so no row makes an item live; use track B"
        raise SplitError(message)
    if len(requests) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    low, high = requests.times.min(), requests.times.max()
    running = (dataset.ends > low) & (dataset.time <= high)  # no other row counts at any request
    return Audience(dataset.where(running)).own_only(requests)
