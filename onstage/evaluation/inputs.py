"""The published grouping of track A: whether the input rows have the target."""

import numpy as np
from numpy.typing import NDArray

from onstage.data.requests import ragged
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


def among_inputs(holdout: Holdout, users: Positions, items: Positions) -> NDArray[np.bool_]:
    """Whether each user's input rows have each item, as the released code of LiveRec asks it.

    Of a full window (``holdout.window`` rows) the oldest row is not looked at; rows that start
    together with the target are, though no request sees them.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)
        On `twitch105k`, test: 914 of 1,420, the share that the released numbers imply (.644).

    References
    ----------
    Rappaz, McAuley, Aberer, RecSys 2021, and its released code.
    """
    start, stop = holdout.past.of_users(users)
    start = start + (stop - start == holdout.window)
    pair, row = ragged(start, stop)
    found = holdout.past.item[row] == items[pair]
    return np.bincount(pair[found], minlength=len(users)) > 0
