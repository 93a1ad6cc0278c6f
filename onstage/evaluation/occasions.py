"""Scores by what the event was like: how long ago the user had the target, and the hour of day."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.evaluation.evaluate import ALL, EVENT, EventTable
from onstage.splitting.holdout import Holdout
from onstage.types import Positions, Ticks


SINCE: Final = "since_last_visit"
HOUR: Final = "hour_of_day"
OCCASION: Final = "occasion"
BUCKET: Final = "bucket"
METRICS: Final = ("ndcg_at_10", "hr_at_1")

EDGES: Final = (1, 6, 24, 72, 168)
"""Hours since the last visit: a bucket ends below the edge, the next one starts there."""
NEVER: Final = "never"
GAPS: Final = ("< 1 h", "1-6 h", "6-24 h", "1-3 d", "3-7 d", ">= 7 d", NEVER)


def last_visits(
    log: Dataset, users: Positions, items: Positions, times: Ticks
) -> tuple[Ticks, NDArray[np.bool_]]:
    """Time of each user's newest row of each item before each instant, and whether there is one."""
    instants = np.unique(log.time)
    span = len(instants) + 1
    pairs, pair = np.unique(log.user * log.n_items + log.item, return_inverse=True)
    keys = np.sort(pair * span + np.searchsorted(instants, log.time))
    wanted = users * log.n_items + items
    number = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    before = np.searchsorted(instants, times, side="left")
    place = np.searchsorted(keys, number * span + before, side="left") - 1
    newest = keys[np.maximum(place, 0)]
    known = (pairs[number] == wanted) & (place >= 0) & (newest // span == number)
    return instants[np.where(known, newest % span, 0)], known


def gaps(log: Dataset, holdout: Holdout) -> NDArray[np.float64]:
    """Hours since the user last had the target of each event, ``nan`` where never.

    Only for exams with one relevant item an event.
    """
    requests = holdout.requests
    last, known = last_visits(log, requests.users, holdout.relevant, requests.times)
    hours = (requests.times - last) * log.clock.seconds_per_tick / 3600
    return np.where(known, hours, np.nan)


def by_occasion(events: EventTable, log: Dataset, holdout: Holdout) -> pd.DataFrame:
    """Average the group ``all`` by time since the last visit of the target, and by hour.

    Parameters
    ----------
    events
        Of this holdout.
    log
        What decides when the user had the target last: the rows before the event.

    Returns
    -------
    pandas.DataFrame
        ``occasion, bucket, metric, value, n``; buckets without events are left out. Empty where
        events have several relevant items. Hours are those of :meth:`Clock.hours`.
    """
    columns = [OCCASION, BUCKET, Columns.METRIC, Columns.VALUE, "n"]
    if len(holdout.relevant) != len(holdout):
        return pd.DataFrame(columns=columns)
    table = events[events[Columns.GROUP] == ALL].set_index(EVENT)
    hours = gaps(log, holdout)[table.index]
    gap = np.where(np.isnan(hours), len(EDGES) + 1, np.searchsorted(EDGES, hours, side="right"))
    hour = log.clock.hours(holdout.requests.times[table.index]) % 24
    parts = []
    for name, bucket in ((SINCE, gap), (HOUR, hour)):
        present, number, sizes = np.unique(bucket, return_inverse=True, return_counts=True)
        labels = [GAPS[b] if name == SINCE else f"{b:02d}" for b in present]
        for metric in METRICS:
            sums = np.bincount(number, weights=table[metric].to_numpy())
            values = {Columns.METRIC: metric, Columns.VALUE: sums / sizes, "n": sizes}
            parts.append(pd.DataFrame({OCCASION: name, BUCKET: labels, **values}))
    return pd.concat(parts, ignore_index=True)
