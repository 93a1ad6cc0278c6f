"""How long one user waits: requests asked one by one, as a server is."""

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from onstage.evaluation.sample import evenly
from onstage.evaluation.shown import shown
from onstage.metrics.catalog import LIST_DEPTH
from onstage.models.base import Recommender
from onstage.splitting.holdout import Holdout


ASKED: Final = 50
"""Requests, spread evenly over the exam."""
SECONDS: Final = 2.0
"""No further request is begun after so long, once there are :data:`LEAST`."""
LEAST: Final = 5


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a request to its list of ten, in one process without a network.

    Attributes
    ----------
    median_ms, p95_ms
        Over requests.
    n
        Requests that were timed.
    """

    median_ms: float
    p95_ms: float
    n: int


def latency(
    model: Recommender[Any], holdout: Holdout, *, asked: int = ASKED, seconds: float = SECONDS
) -> Latency:
    """Ask one event after the other, and time each answer.

    The first one is asked twice: what is built once for all requests (an index of the history) is
    not what the second user waits for.

    Parameters
    ----------
    model
        Fitted. It is shown ``holdout.past``.
    holdout
        With at least one event.
    asked
        Most requests.
    seconds
        Bounds the work on a slow model.
    """
    model.observe(holdout.past)
    events = evenly(len(holdout), asked)
    popularity = model.dataset.item_counts.astype(np.float32)
    times: list[float] = []
    for at, event in enumerate((events[0], *events)):
        began = time.perf_counter()
        one = np.array([event])
        for _, items, scores in model.scored(
            holdout.requests.take(one), holdout.candidates.take(one)
        ):
            shown(scores, popularity[items], LIST_DEPTH)
        if at:
            times.append(1000 * (time.perf_counter() - began))
        if len(times) >= LEAST and sum(times) > 1000 * seconds:
            break
    median, p95 = np.quantile(times, [0.5, 0.95])
    return Latency(float(median), float(p95), len(times))
