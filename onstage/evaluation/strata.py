"""The same events, split by what was known before them: active users, cold items."""

from typing import Final

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.evaluate import ALL, EVENT, EventTable
from onstage.splitting.holdout import Holdout


ACTIVITY: Final = ("activity:low", "activity:middle", "activity:high")
"""Terciles of the users that the events are about, by their training rows."""
COLD: Final = "cold_items"
"""Events most of whose items have few training rows."""


def by_activity(holdout: Holdout) -> pd.Series:
    """Name the activity tercile of every event's user.

    Returns
    -------
    pandas.Series of str, index: number of the event
        One of :data:`ACTIVITY`. Users are ranked by their rows in ``holdout.train``; those with
        equally many fall into the same slice, the lower one, so a slice can be empty. Users without
        a training row are low.
    """
    users = holdout.requests.users
    rows = holdout.train.user_counts[users]
    each = holdout.train.user_counts[np.unique(users)]
    bounds = np.quantile(each, [1 / 3, 2 / 3], method="inverted_cdf")
    names = np.asarray(ACTIVITY, dtype=object)[np.searchsorted(bounds, rows, side="left")]
    return pd.Series(names, index=np.arange(len(holdout)))


def by_coldness(holdout: Holdout, cold_below: int) -> pd.Series:
    """Name the events that are about cold items.

    Parameters
    ----------
    cold_below
        An item with fewer rows in ``holdout.train`` is cold.

    Returns
    -------
    pandas.Series of str, index: number of the event
        :data:`COLD` where more than half of what happened was cold, missing elsewhere. The most of
        a list counts, and not any one item: a metric is about all of them together.
    """
    cold = holdout.train.item_counts[holdout.relevant] < cold_below
    per_event = np.add.reduceat(cold.astype(np.int64), holdout.relevant_indptr[:-1])
    share = per_event / np.diff(holdout.relevant_indptr)
    return pd.Series(share > 1 / 2, dtype=object).map({True: COLD})


def regrouped(events: EventTable, names: pd.Series) -> EventTable:
    """Put the events of :data:`onstage.evaluation.evaluate.ALL` into the groups of `names`.

    Parameters
    ----------
    names
        Number of the event to its group; events without one are left out.

    Raises
    ------
    ContractError
        If the table has other events than `names`: it is about another holdout.
    """
    whole = events[events[Columns.GROUP] == ALL]
    if len(whole) != len(names) or not whole[EVENT].isin(names.index).all():
        message = (
            f"slices: the table has {len(whole)} events and the holdout {len(names)}, not the same "
            "ones; evaluate the model on this holdout"
        )
        raise ContractError(message)
    made = whole.assign(**{Columns.GROUP: whole[EVENT].map(names)})
    return made[made[Columns.GROUP].notna()].reset_index(drop=True)
