"""What a user has in the history, for models that score from it instead of from a user vector."""

import numpy as np
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests


def has_profile(history: History, requests: Requests, trained: Dataset) -> NDArray[np.bool_]:
    """Whether any row before the request is of an item that was trained, shape (n_requests,)."""
    request, row = history.rows(requests)
    useful = trained.item_counts[history.item[row]] > 0
    return np.bincount(request[useful], minlength=len(requests)) > 0
