"""Models that score an item by the items in the user's history."""

from abc import abstractmethod
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat
from scipy import sparse
from typing_extensions import override

from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.config import RecommenderConfig
from onstage.models.profile import has_profile
from onstage.models.weighting import Weighting, weigh
from onstage.types import Positions, Scores


class ItemToItemConfig(RecommenderConfig):
    """What all item-to-item models share."""

    weighting: Weighting = "binary"
    """Of the sum ``w`` of a pair's weights, in training and in the user's history: ``binary`` 1,
    ``linear`` w, ``log`` ln(1 + w)."""
    own_weight: NonNegativeFloat = 0.0
    """What an item in the user's history adds to its own score. 0, as in the papers: only other
    items speak for it. More lets what a user repeats come first, where repeats are allowed."""


ItemConfigT = TypeVar("ItemConfigT", bound=ItemToItemConfig)


class ItemToItem(Recommender[ItemConfigT]):
    """Score an item by a sum over the user's rows before the request.

    Nothing is learned of users: new rows count at once, and a user whom training never saw is
    known as soon as one of the items before the request is.
    """

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether any of the user's rows before the request is of a trained item."""
        return has_profile(self.history, requests, self.dataset)

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        profile = weigh(self.history.matrix(requests, weighted=True), self.config.weighting)
        scores = self._spread(profile, items)
        if self.config.own_weight > 0:
            scores += np.float32(self.config.own_weight) * profile[:, items].toarray()
        return scores

    @override
    def _contributions(self, request: Requests, item: int) -> tuple[Positions, NDArray[np.float64]]:
        """Spread each own item alone: the score is linear in the history."""
        profile = weigh(self.history.matrix(request, weighted=True), self.config.weighting)
        own, worth = profile.indices.astype(np.int64), profile.data
        alone = sparse.csr_matrix(
            (worth, (np.arange(len(own)), own)), shape=(len(own), profile.shape[1])
        )
        added = self._spread(alone, np.array([item]))[:, 0].astype(np.float64)
        added[own == item] += self.config.own_weight * worth[own == item]
        return own, added

    @abstractmethod
    def _spread(self, profile: sparse.csr_matrix, items: Positions) -> Scores:
        """Sum the similarities of what is in each profile to each item: a new array.

        `profile` is CSR, shape (n_requests, n_items); the result has shape (n_requests,
        len(items)).
        """
