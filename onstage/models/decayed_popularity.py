"""What everybody watches lately."""

from typing import Literal

import numpy as np
from pydantic import PositiveFloat
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.one_list import OneList


class DecayedPopularityConfig(RecommenderConfig):
    """Configuration of :class:`DecayedPopularity`."""

    algorithm: Literal["decayed_popularity"] = "decayed_popularity"
    half_life_days: PositiveFloat = 7.0
    """Days before the newest training row after which an interaction counts half."""


class DecayedPopularity(OneList[DecayedPopularityConfig]):
    r"""Score an item by :math:`\sum_r 2^{-(T - t_r) / h}` over its training rows.

    :math:`T` is the time of the newest training row, :math:`h` the half-life. The same list for
    everyone.
    """

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        half_life = dataset.clock.span(days=self.config.half_life_days)
        age = dataset.time.max(initial=np.iinfo(np.int64).min) - dataset.time
        counts = np.bincount(
            dataset.item, weights=np.exp2(-age / half_life), minlength=dataset.n_items
        )
        self._counts = counts.astype(np.float32)
