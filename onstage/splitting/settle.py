"""What every protocol does at the end: the repeat policy, the flags, and the events that remain."""

import logging
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.errors import SplitError
from onstage.splitting.holdout import Holdout
from onstage.types import Positions, Ticks


logger = logging.getLogger(__name__)

NEVER: Final = np.iinfo(np.int64).max
AT_ONCE: Final = 2**22
"""Rows of a log that are looked up at once."""


def settle(draft: Holdout, log: Dataset) -> Holdout:
    """Apply the repeat policy, and keep only what could have been recommended.

    Parameters
    ----------
    draft
        Candidates before the policy; `repeat` is not read.
    log
        What decides whether a user had an item before a request: the rows with ``time < t``.

    Returns
    -------
    Holdout
        Relevant items that are no candidates are gone, and so are events without any left
        (counted in `dropped`).

    Raises
    ------
    SplitError
        If no event is left.
    """
    candidates = draft.candidates
    if draft.policy.kind != "allow":
        past = History(log)
        candidates = draft.policy.apply(candidates, draft.requests, past, log.clock)
    event = np.repeat(np.arange(len(draft)), np.diff(draft.relevant_indptr))
    kept = is_candidate(candidates, event, draft.relevant, draft.train.n_items)
    event, relevant = event[kept], draft.relevant[kept]
    counts = np.bincount(event, minlength=len(draft))
    left = np.flatnonzero(counts)
    dropped = len(draft) - len(left)
    if len(left) == 0:
        message = (
            f"{draft.protocol} {draft.part}: in none of {dropped} events is what happened a "
            f"candidate (repeat: {draft.policy.kind}); lengthen the part or allow repeats"
        )
        raise SplitError(message)
    if dropped:
        logger.info("%s %s: %d events dropped", draft.protocol, draft.part, dropped)
    user, time = draft.requests.users[event], draft.requests.times[event]
    return replace(
        draft,
        requests=draft.requests.take(left),
        candidates=candidates.take(left),
        relevant_indptr=np.concatenate(([0], np.cumsum(counts[left]))),
        relevant=relevant,
        repeat=had_before(log, user, relevant, time),
        dropped=dropped,
    )


def is_candidate(
    candidates: Candidates, requests: Positions, items: Positions, n_items: int
) -> NDArray[np.bool_]:
    """Whether each (request, item) pair is a candidate, shape (n_pairs,)."""
    of = np.repeat(np.arange(len(candidates.indptr) - 1), np.diff(candidates.indptr))
    live = of * n_items + candidates.items  # ascending: sets are, and items within them
    inside = _contains(live, candidates.of[requests] * n_items + items)
    excluded = np.unique(candidates.excluded_request * n_items + candidates.excluded_item)
    return inside & ~_contains(excluded, requests * n_items + items)


def had_before(log: Dataset, users: Positions, items: Positions, times: Ticks) -> NDArray[np.bool_]:
    """Whether `log` has a row of each (user, item) pair with ``time < t``, shape (n_pairs,)."""
    if len(users) == 0:
        return np.zeros(0, dtype=np.bool_)
    asked, of = np.unique(users * log.n_items + items, return_inverse=True)
    known, first = pd.Index(asked), np.full(len(asked), NEVER)
    for low in reversed(range(0, len(log), AT_ONCE)):
        part = slice(low, low + AT_ONCE)
        place = known.get_indexer(pd.Index(log.user[part] * log.n_items + log.item[part]))  # hashed
        rows = np.flatnonzero(place >= 0)[::-1]
        first[place[rows]] = log.time[part][rows]  # in order of time: the earliest one stays
    return np.asarray(first[of] < times)


def _contains(ascending: Positions, wanted: Positions) -> NDArray[np.bool_]:
    if len(ascending) == 0:
        return np.zeros(len(wanted), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.asarray(ascending[place] == wanted)
