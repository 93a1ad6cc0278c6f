"""What the lists of one walk are like, whatever happened next: one column a metric."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.metrics.catalog import (
    COVERAGE,
    DIVERSITY,
    GINI,
    HEAD_SHARE,
    NOVELTY,
    POPULARITY,
    REPEAT_LIST_SHARE,
)
from onstage.metrics.coverage import gini_shares, new_items
from onstage.metrics.diversity import intra_list_distance
from onstage.metrics.lists import mean_per_event
from onstage.metrics.popularity import self_information, short_head, user_share
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


@dataclass(frozen=True, eq=False)
class Lists:
    """What would be shown to every event.

    Attributes
    ----------
    event, item : ndarray of int64, shape (n_shown,)
        Event numbers and item positions, in no particular order.
    n_catalogue
        Distinct items that were a candidate of some event.
    """

    event: Positions
    item: Positions
    n_catalogue: int


def list_metrics(holdout: Holdout, lists: Lists) -> dict[str, NDArray[np.float64]]:
    """Every metric of :data:`onstage.metrics.catalog.LISTS`, each of shape (n_events,)."""
    event, item, n = lists.event, lists.item, len(holdout)
    counts = holdout.train.counts

    def mean(worth: NDArray[np.float64]) -> NDArray[np.float64]:
        return mean_per_event(event, worth, n)

    requests = holdout.requests
    had = holdout.past.had(requests.users[event], item, requests.times[event])
    return {
        NOVELTY: mean(self_information(counts)[item]),
        COVERAGE: new_items(event, item, n) / max(lists.n_catalogue, 1),
        GINI: gini_shares(event, item, n, lists.n_catalogue),
        DIVERSITY: intra_list_distance(event, item, n, holdout.train.audiences),
        POPULARITY: mean(user_share(counts)[item]),
        HEAD_SHARE: mean(short_head(counts)[item]),
        REPEAT_LIST_SHARE: mean(had.astype(np.float64)),
    }
