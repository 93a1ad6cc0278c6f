"""Candidates that are there only because of the answer."""

import numpy as np

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.rows import pairs_named
from onstage.evaluation.sample import evenly
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


SAMPLE = 48
"""Events whose candidates are counted anew."""


def availability(
    exam: Holdout, log: Dataset, index: AvailabilityIndex, *, sample: int = SAMPLE
) -> Finding:
    """Count the candidates of some live events anew, row by row of the log.

    A candidate leaks if it is in no window at the request, or, on track C, if the asking user's
    own rows are the only ones that make it live. On the other tracks the latter is how the
    protocol is defined: how many targets are of that kind is counted, not refused.
    """
    live = exam.protocol.startswith("live") and not index.always
    events = evenly(len(exam), sample if live else 0)
    leaks: list[int] = []
    own_targets = n_candidates = 0
    for event in events:
        user, tick = int(exam.requests.users[event]), int(exam.requests.times[event])
        answers = candidates_of(exam, int(event))
        own = only_own(log, user, tick)
        wrong = np.setdiff1d(answers, in_window(index, tick))
        if exam.protocol == "live-C":
            wrong = np.union1d(wrong, np.intersect1d(answers, own))
        leaks.extend(user * log.n_items + wrong)
        targets = exam.relevant[exam.relevant_indptr[event] : exam.relevant_indptr[event + 1]]
        own_targets += int(np.isin(targets, own).any())
        n_candidates += len(answers)
    return Finding(
        check="availability",
        part=exam.part,
        looked_at="candidates of some events, counted anew from the rows that run at the request",
        numbers={
            "events": len(events),
            "candidates": n_candidates,
            "targets live by the asking user alone": own_targets,
        },
        leaks=len(leaks),
        first=pairs_named(log, np.array(leaks, dtype=np.int64)),
        remedy="take the asking user's own rows out of the candidates (Audience.without_own)",
    )


def candidates_of(exam: Holdout, event: int) -> Positions:
    """The candidates of one event, its exclusions taken out."""
    pool = exam.candidates
    gone = pool.excluded_item[pool.excluded_request == event]
    return np.setdiff1d(pool.set(int(pool.of[event])), gone)


def in_window(index: AvailabilityIndex, tick: int) -> Positions:
    """Items with a window around `tick`, by looking at every window."""
    return np.unique(index.item[(index.starts <= tick) & (tick < index.ends)])


def only_own(log: Dataset, user: int, tick: int) -> Positions:
    """Items that rows of `user` and of nobody else cover at `tick`, by looking at every row."""
    if log.ends is None:
        return np.empty(0, dtype=np.int64)
    running = (log.time <= tick) & (tick < log.ends)
    mine = log.user == user
    return np.setdiff1d(log.item[running & mine], log.item[running & ~mine])
