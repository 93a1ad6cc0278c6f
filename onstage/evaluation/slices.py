"""The same events, grouped by what kind of user asked."""

from typing import Final

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.evaluation.evaluate import ALL, EventTable
from onstage.metrics.catalog import SUMMED


VIEWERS: Final = "viewers"
"""Groups are called ``viewers:<number>``."""
UNKNOWN: Final = "unknown"
"""Who has no cluster: users without a training row."""


def sliced(events: EventTable, clusters: pd.Series) -> EventTable:
    """Group the events of :data:`onstage.evaluation.evaluate.ALL` by the user's cluster.

    Parameters
    ----------
    events
        Not modified.
    clusters : pandas.Series of int, index: user ids, each once
        From training rows alone; whoever is not in it goes into ``viewers:unknown``.

    Returns
    -------
    EventTable
        Each event once, by number of the cluster, those of unknown users last. Metrics that
        belong to all events together (coverage, Gini) are ``nan``.
    """
    whole = events[events[Columns.GROUP] == ALL]
    number = whole[Columns.USER].map(clusters)
    known = number.notna()
    named = number.where(known, 0).astype(np.int64).astype(str).where(known, UNKNOWN)
    made = whole.copy()
    made[Columns.GROUP] = f"{VIEWERS}:" + named
    made[[key for key in made if key in SUMMED]] = np.nan
    order = np.argsort(number.fillna(np.inf).to_numpy(dtype=np.float64), kind="stable")
    return made.iloc[order].reset_index(drop=True)


def is_slice(group: str) -> bool:
    """Whether a leaderboard's group is a kind of user."""
    return group.startswith(f"{VIEWERS}:")
