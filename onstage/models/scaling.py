"""Scores between 0 and 1, for people who want to compare them with something."""

from typing import Any

import numpy as np
import pandas as pd

from onstage.availability.candidates import Candidates
from onstage.columns import Columns
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.types import Positions


def unit_scaled(
    model: Recommender[Any], lists: pd.DataFrame, live: Positions, at: int
) -> pd.DataFrame:
    """Scale each user's scores so that the worst live item has 0 and the best 1.

    Minimum and maximum are taken over the user's scores of *all* live items, those included that
    the repeat policy leaves out of the list: the first of a list has 1 only if the best item of
    all is in it. Items of which the model knows nothing have no part in it. Where all are equal,
    all are 0, as in scikit-learn's ``MinMaxScaler``. The order does not change.

    Parameters
    ----------
    lists
        See :data:`onstage.contracts.RECOMMENDATIONS`; not modified.
    live : ndarray of int64, shape (n_live,)
        Positions of the items that could be recommended, ascending.
    at
        Tick of the request.
    """
    users = pd.Index(lists[Columns.USER]).unique()
    rows = model.dataset.user_positions(users)
    requests = Requests(rows, np.full(len(rows), at, dtype=np.int64))
    low, high = np.full(len(users), np.nan), np.full(len(users), np.nan)
    for block, _, scores in model.scored(requests, Candidates.shared(live, len(users))):
        finite = np.isfinite(scores)
        low[block] = np.where(finite, scores, np.inf).min(axis=1)
        high[block] = np.where(finite, scores, -np.inf).max(axis=1)
    of = users.get_indexer(pd.Index(lists[Columns.USER]))
    span = (high - low)[of]
    above = lists[Columns.SCORE].to_numpy(dtype=np.float64) - low[of]
    scaled = np.divide(above, span, out=np.zeros_like(above), where=span > 0)
    return lists.assign(**{Columns.SCORE: scaled.astype(np.float32)})
