"""What everybody watches."""

from typing import Literal

import numpy as np
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.pairs import Pairs
from onstage.models.state import State
from onstage.types import Positions, Scores


class PopularityConfig(RecommenderConfig):
    """Configuration of :class:`Popularity`."""

    algorithm: Literal["popularity"] = "popularity"


class Popularity(Recommender[PopularityConfig]):
    """Score an item by its number of training interactions: the same list for everyone."""

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        self._counts = dataset.item_counts.astype(np.float32)

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
