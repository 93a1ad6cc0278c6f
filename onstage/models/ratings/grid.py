"""Engines that cut targets to whole numbers, and the grid that saves what they would cut."""

from dataclasses import replace
from typing import TypeVar

from pydantic import PositiveInt
from typing_extensions import override

from onstage.models.ratings.model import RatingConfig, RatingModel
from onstage.models.ratings.target import Ratings


class GridConfig(RatingConfig):
    """What models share whose engine computes on whole numbers."""

    grid: PositiveInt = 1
    """Surprise declares ratings as C integers here and cuts what stands after the point: 3.5 is 3.
    Targets are multiplied by this before and divided after. 1: as Surprise does; 2 keeps half
    stars; 1000 keeps three decimals of a logarithm."""


GridConfigT = TypeVar("GridConfigT", bound=GridConfig)


class OnGrid(RatingModel[GridConfigT]):
    """Hand the engine targets that are `grid` times as large.

    Both algorithms are linear in the target, so only the cut is smaller.
    """

    @override
    def _prepared(self, ratings: Ratings) -> Ratings:
        return replace(ratings, value=ratings.value * self.config.grid)
