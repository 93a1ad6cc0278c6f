"""What everybody watches."""

from typing import Literal

import numpy as np
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.one_list import OneList


class PopularityConfig(RecommenderConfig):
    """Configuration of :class:`Popularity`."""

    algorithm: Literal["popularity"] = "popularity"


class Popularity(OneList[PopularityConfig]):
    """Score an item by its number of training interactions: the same list for everyone."""

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        self._counts = dataset.item_counts.astype(np.float32)
