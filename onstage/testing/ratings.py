"""What every ratings model must do besides: learn opinions, and equal Surprise."""

from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
from typing_extensions import override

from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.catalog import build
from onstage.models.config import FitOptions
from onstage.models.ratings.model import RatingModel
from onstage.models.ratings.target import Ratings
from onstage.seeds import generator, integer
from onstage.testing.examples import STEPS, crowd
from onstage.testing.recommenders import NEW_ONLY, RecommenderConformance


CLOSE = 1e-6
"""How far an estimate may be from Surprise's."""


def opinions(n: int) -> Dataset:
    """Everybody rates: 5 where user and item are both even or both odd, else 1.

    Two items are held out from user ``u``: ``u``, which deserves a 5, and ``u + 1``, a 1.
    """
    rows = [
        (u, i, 0, 5.0 if (u + i) % 2 == 0 else 1.0)
        for u in range(n)
        for i in range(n)
        if i not in {u, (u + 1) % n}
    ]
    columns = [Columns.USER, Columns.ITEM, Columns.TIME, Columns.WEIGHT]
    return Dataset.from_interactions(pd.DataFrame(rows, columns=columns), clock=STEPS)


def surprise_answers(
    model: RatingModel[Any], ratings: Ratings, pairs: list[tuple[int, int]], seed: int, size: float
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What Surprise's own ``test`` says, fitted by its own loader."""
    from surprise import Dataset as Data  # noqa: PLC0415  # heavy
    from surprise import Reader  # noqa: PLC0415

    frame = pd.DataFrame({"u": ratings.user, "i": ratings.item, "r": ratings.value * size})
    low, high = ratings.scale
    reader = Reader(rating_scale=(low * size, high * size))
    engine = model._engine(seed)  # noqa: SLF001
    engine.fit(Data.load_from_df(frame, reader).build_full_trainset())
    found = engine.test([(u, i, 0.0) for u, i in pairs])
    return np.array([one.est for one in found]) / size


class RatingConformance(RecommenderConformance):
    """Laws of models that learn explicit ratings.

    Attributes
    ----------
    personalised
        Whether users get different lists, not only different estimates.
    """

    popular: ClassVar[Literal["rows", "weight"]] = "weight"

    @override
    def test_finds_the_held_out_item(self, model: Recommender[Any]) -> None:
        if not self.discovers:
            pytest.skip("orders items by what everybody thinks of them")
        top = model.fit(opinions(12)).recommend(range(12), k=1, repeat=NEW_ONLY)
        assert top[Columns.ITEM].tolist() == list(range(12))

    @override
    def test_users_and_items_are_never_transposed(self, model: Recommender[Any]) -> None:
        data = crowd(13, users=7, items=19)
        scores = model.fit(data).score(data.users, data.items)
        assert scores.shape == (7, 19)
        whole = model.score(data.users[[4]], data.items[[11, 3]])[0]
        np.testing.assert_allclose(whole, scores[4, [11, 3]], rtol=1e-6)

    @override
    def test_only_personal_models_tell_users_apart(self, model: Recommender[Any]) -> None:
        scores = model.fit(opinions(8)).score([0, 3], range(8))
        gap = scores[0] - scores[1]
        assert bool(np.allclose(gap, gap[0], atol=1e-6)) != self.personalised

    def test_estimates_are_those_of_surprise(self, model: Recommender[Any]) -> None:
        assert isinstance(model, RatingModel)
        size = float(getattr(self.config, "grid", 1))
        for seed in (14, 15):
            data = crowd(seed, users=25, items=30, rows=300)
            kept = data.where((data.user != 3) & (data.item != 4))
            model.fit(kept, FitOptions(seed=seed))
            drawn = integer(generator(seed, "fit", self.config.algorithm))
            ratings = Ratings.of(kept, self.config.target)  # type: ignore[union-attr]
            pairs = [(u, i) for u in range(-1, 25) for i in range(-1, data.n_items)]
            expected = surprise_answers(model, ratings, pairs, drawn, size)
            found = model.estimates(*np.array(pairs).T)
            np.testing.assert_allclose(found, expected, atol=CLOSE, rtol=0)

    def test_scores_are_estimates_before_they_are_clipped(self, model: Recommender[Any]) -> None:
        assert isinstance(model, RatingModel)
        data = crowd(16, users=25, items=30, rows=300)
        model.fit(data)
        requests = Requests(np.arange(25), np.full(25, 99))
        scores = model._score(requests, np.arange(data.n_items))  # noqa: SLF001
        user, item = np.divmod(np.arange(25 * data.n_items), data.n_items)
        low, high = Ratings.of(data, "rating").scale
        found = model.estimates(user, item).reshape(25, -1)
        known = np.ix_(data.user_counts > 0, data.item_counts > 0)
        np.testing.assert_allclose(np.clip(scores, low, high)[known], found[known], atol=CLOSE)

    def test_a_constant_target_is_learned_as_it_is(self, model: Recommender[Any]) -> None:
        assert isinstance(model, RatingModel)
        data = crowd(17)
        same = np.full(len(data), 3.0, dtype=np.float32)
        flat = Dataset(data.users, data.items, data.clock, data.user, data.item, data.time, same)
        model.fit(flat)
        assert model.estimates(np.array([0, -1]), np.array([0, 0])).tolist() == [3.0, 3.0]

    def test_one_rating_is_enough_to_fit(self) -> None:
        data = crowd(18).where(np.array([0]))
        model = build(self.config).fit(data)
        assert isinstance(model, RatingModel)
        found = model.estimates(data.user, data.item)
        np.testing.assert_allclose(found, data.weight)
