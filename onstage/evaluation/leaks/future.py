"""Answers that change when the future is taken away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.evaluation.leaks.availability import spread
from onstage.evaluation.leaks.finding import SHOWN, Finding
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


INSTANTS = 2
"""Instants at which a model is asked twice."""

EVENTS = 8
"""Most events asked about at one instant."""

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

    At a few instants ``t`` the model is shown the rows before ``t`` and all that the log has from
    ``t`` on, the event's own row among it; then only the rows before ``t``, and of those that still
    run at ``t`` another end. Scores of all candidates, and the features of models that show
    theirs (:meth:`onstage.models.core.Core.features`), must be equal to the last bit.

    In a random split the hidden rows lie in the past, so that there is nothing to take away: no
    event is asked.
    """
    asked = n_numbers = 0
    changed: list[str] = []
    try:
        for tick, rows in _instants(exam, instants if not exam.is_random else 0, events):
            requests, pool = exam.requests.take(rows), exam.candidates.take(rows)
            before = exam.history.where(exam.history.time < tick)
            seeing = _answers(model, _joined(before, log.where(log.time >= tick)), requests, pool)
            blind = _answers(model, _ends_unknown(before, tick), requests, pool)
            asked += len(rows)
            n_numbers += sum(values.size for values in blind.values())
            when = log.clock.render(tick)
            changed += [f"{what} at {when}" for what in _differences(seeing, blind, requests, log)]
    finally:
        model.observe(exam.past)
    return Finding(
        check="future",
        part=exam.part,
        looked_at="scores and features of some events, with and without the rows from then on",
        numbers={"events": asked, "scores and features": n_numbers},
        leaks=len(changed),
        first=tuple(changed[:SHOWN]),
        remedy="a request at t may look at rows with time < t only (History.rows, Timeline.before)",
    )


def _instants(exam: Holdout, most: int, events: int) -> Iterator[tuple[int, Positions]]:
    """Instants, evenly spread over the events, and the events at each: row numbers, ascending."""
    times = exam.requests.times
    middle = (2 * np.arange(most) + 1) * len(exam) // max(2 * most, 1)
    for tick in np.unique(np.sort(times)[middle]):
        rows = np.flatnonzero(times == tick)
        yield int(tick), rows[spread(len(rows), events)]


def _answers(
    model: Recommender[Any], history: Dataset, requests: Requests, pool: Candidates
) -> Answers:
    model.observe(history)
    scores = np.full((len(requests), history.n_items), np.nan, dtype=np.float32)
    for rows, items, part in model.scored(requests, pool):
        scores[np.ix_(rows, items)] = part
    return {SCORES: scores, **model.features(requests, pool)}


def _differences(
    seeing: Answers, blind: Answers, requests: Requests, log: Dataset
) -> Iterator[str]:
    for line in np.flatnonzero(~_equal(seeing[SCORES], blind[SCORES]).all(axis=1)):
        yield f"scores for user {log.users[requests.users[line]]}"
    for name in sorted((seeing.keys() | blind.keys()) - {SCORES}):
        if not (name in seeing and name in blind and _equal(seeing[name], blind[name]).all()):
            yield f"feature {name}"


def _equal(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))


def _joined(before: Dataset, after: Dataset) -> Dataset:
    fields = ("user", "item", "time", "weight")
    if before.ends is not None:
        fields = (*fields, "ends")
    rows = {f: np.concatenate([getattr(before, f), getattr(after, f)]) for f in fields}
    return replace(before, **rows)


def _ends_unknown(before: Dataset, tick: int) -> Dataset:
    """The same rows; those that run on after `tick` end one tick after it."""
    if before.ends is None:
        return before
    return replace(before, ends=np.where(before.ends > tick, tick + 1, before.ends))
