"""A few users' rows as a log of their own, on which any algorithm is fitted in a moment."""

from typing import Any

import numpy as np

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.errors import FitError
from onstage.evaluation.sample import evenly
from onstage.models.base import Recommender
from onstage.models.config import FitOptions
from onstage.models.state import State


USERS = 40
ROWS = 600


def miniature(
    train: Dataset, index: AvailabilityIndex, *, users: int = USERS, rows: int = ROWS
) -> tuple[Dataset, AvailabilityIndex]:
    """The newest `rows` rows of `users` users in a vocabulary of their own, and their windows."""
    chosen = np.flatnonzero(train.user_counts)
    chosen = chosen[evenly(len(chosen), users)]
    kept = np.flatnonzero(np.isin(train.user, chosen))[-rows:]
    user_names, user = np.unique(train.user[kept], return_inverse=True)
    items, item = np.unique(train.item[kept], return_inverse=True)
    small = Dataset(
        train.users[user_names],
        train.items[items],
        train.clock,
        user.astype(np.int64),
        item.astype(np.int64),
        train.time[kept],
        train.weight[kept],
        None if train.ends is None else train.ends[kept],
    )
    mine = np.isin(index.item, items)
    windows = (np.searchsorted(items, index.item[mine]), index.starts[mine], index.ends[mine])
    return small, AvailabilityIndex(len(items), *windows, always=index.always)


def state_on(model: Recommender[Any], small: Dataset, live: AvailabilityIndex) -> State:
    """What a new model of the same recipe learns in its first iteration; nothing if it cannot."""
    fresh = type(model)(model.config)
    try:
        next(fresh.iterations(small, FitOptions(threads=1, availability=live, device="cpu")))
    except FitError:
        return {}
    return fresh.state()
