"""Which events are looked at: few, the same every time, and fewer where each is dear."""

import numpy as np

from onstage.splitting.holdout import Holdout
from onstage.types import Positions


SCORES = 1 << 16
"""Most scores that a model is asked for at once by a check: events times items."""


def evenly(n: int, most: int) -> Positions:
    """At most `most` numbers below `n`, evenly spread, ascending, each once."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def affordable(exam: Holdout, events: int) -> int:
    """At most `events`, and no more than give :data:`SCORES` scores of all items; at least one."""
    return max(1, min(events, SCORES // max(1, exam.train.n_items)))
