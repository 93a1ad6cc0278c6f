"""Answers that change when the future is taken away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.evaluation.leaks.finding import SHOWN, Finding
from onstage.evaluation.sample import affordable, evenly
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


INSTANTS = 2
"""Instants at which a model is asked twice, where the busiest alone has few events."""

FEW = 4
"""Fewer events than this are few."""

EVENTS = 16
"""Most events asked about, at all instants together."""

SCORES = "score"

Answers = dict[str, NDArray[Any]]


def future(
    model: Recommender[Any],
    exam: Holdout,
    log: Dataset,
    *,
    instants: int = INSTANTS,
    events: int = EVENTS,
) -> Finding:
    """Ask a model the same events twice: with the future in its history, and without.

    At a few instants ``t`` the model is shown only the rows before ``t``, and of those that still
    run at ``t`` another end (unless training rows do: a model that unites them with its history
    would see two rows); then also what the log has from ``t`` on, the event's own row among it.
    Scores of all candidates, and the features of models that show theirs
    (:meth:`onstage.models.core.Core.features`), must be equal to the last bit.

    In a random split the hidden rows lie in the past, so that there is nothing to take away: no
    event is asked.
    """
    chosen = list(_busiest(exam, 0 if exam.is_random else instants, affordable(exam, events)))
    blind = [_blind(model, exam, tick, rows) for tick, rows in chosen]
    seeing = [_seeing(model, exam, log, tick, rows) for tick, rows in chosen]
    model.observe(exam.past)
    changed = [
        f"{what} at {log.clock.render(tick)}"
        for (tick, rows), one, other in zip(chosen, blind, seeing, strict=True)
        for what in _differences(one, other, log.users[exam.requests.users[rows]])
    ]
    return Finding(
        check="future",
        part=exam.part,
        looked_at="scores and features of some events, with and without the rows from then on",
        numbers={
            "events": sum(len(rows) for _, rows in chosen),
            "scores and features": sum(v.size for part in blind for v in part.values()),
        },
        leaks=len(changed),
        first=tuple(changed[:SHOWN]),
        remedy="a request at t may look at rows with time < t only (History.rows, Timeline.before)",
    )


def _busiest(exam: Holdout, most: int, events: int) -> Iterator[tuple[int, Positions]]:
    """The busiest instant of each of `most` stretches of the part, and events there, ascending.

    One stretch, the whole part, if its busiest instant has enough events: each instant costs a
    model all that it derives from the past.
    """
    times = exam.requests.times
    ticks, counts = np.unique(times, return_counts=True)
    wanted = min(most, len(ticks)) if counts.max() < FEW else min(most, 1)
    parts = np.array_split(np.arange(len(ticks)), wanted) if wanted else []
    for part in parts:
        tick = ticks[part[counts[part].argmax()]]
        rows = np.flatnonzero(times == tick)
        yield int(tick), rows[evenly(len(rows), max(1, events // len(parts)))]


def _blind(model: Recommender[Any], exam: Holdout, tick: int, rows: Positions) -> Answers:
    before = exam.history.where(exam.history.time < tick)
    if before.ends is not None and not exam.running_on(tick):
        # what still runs ends one tick later, as far as anybody knows
        before = replace(before, ends=np.where(before.ends > tick, tick + 1, before.ends))
    return _answers(model, History(before), exam, rows)


def _seeing(
    model: Recommender[Any], exam: Holdout, log: Dataset, tick: int, rows: Positions
) -> Answers:
    if exam.window is None and (exam.history.time >= tick).any():
        return _answers(model, exam.past, exam, rows)
    before, after = exam.history.where(exam.history.time < tick), log.where(log.time >= tick)
    joined = replace(
        before,
        user=np.concatenate([before.user, after.user]),
        item=np.concatenate([before.item, after.item]),
        time=np.concatenate([before.time, after.time]),
        weight=np.concatenate([before.weight, after.weight]),
        ends=None
        if before.ends is None or after.ends is None
        else np.concatenate([before.ends, after.ends]),
    )
    return _answers(model, History(joined), exam, rows)


def _answers(model: Recommender[Any], history: History, exam: Holdout, rows: Positions) -> Answers:
    requests, pool = exam.requests.take(rows), exam.candidates.take(rows)
    model.observe(history)
    scores = np.full((len(requests), history.n_items), np.nan, dtype=np.float32)
    for line, items, part in model.scored(requests, pool):
        scores[np.ix_(line, items)] = part
    return {SCORES: scores, **model.features(requests, pool)}


def _differences(blind: Answers, seeing: Answers, users: pd.Index) -> Iterator[str]:
    changed = np.flatnonzero(~_equal(blind[SCORES], seeing[SCORES]).all(axis=1))
    yield from (f"scores for user {user}" for user in users[changed])
    for name in sorted((blind.keys() | seeing.keys()) - {SCORES}):
        both = name in blind and name in seeing
        if not (both and _equal(blind[name], seeing[name]).all()):
            yield f"feature {name}"


def _equal(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))
