"""The same list for everyone: what popularity and its kin share."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.config import RecommenderConfig
from onstage.models.pairs import Pairs
from onstage.models.state import State
from onstage.types import Positions, Scores


ConfigT = TypeVar("ConfigT", bound=RecommenderConfig)


class OneList(Recommender[ConfigT]):
    """Scores items without looking at who asks. Subclasses fit ``_counts``, one number an item."""

    _counts: NDArray[np.float32]

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return np.broadcast_to(self._counts[items], (len(requests), len(items)))

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        return self._counts[some.item]

    @override
    def _state(self) -> State:
        return {"counts": self._counts}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._counts = state["counts"]
