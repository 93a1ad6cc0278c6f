"""A score is split into what the user's own items add to it; scores are scaled for people."""

import numpy as np
import pytest

from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.errors import CapabilityError, NotFoundError
from onstage.models.als import Als, AlsConfig
from onstage.models.bpr import Bpr, BprConfig
from onstage.models.catalog import ALGORITHMS, build, parse
from onstage.models.core import EXPLAINERS, Core
from onstage.models.ease import Ease, EaseConfig
from onstage.models.item_knn import ItemKnn, ItemKnnConfig
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.scaling import unit_scaled
from onstage.testing.examples import crowd, log


DATA = crowd(5)


def folded_in(model: Als, user: int, item: int) -> float:
    """The paper's equation 4, dense over all items: x = (YᵀCY + λI)⁻¹ YᵀCp, then yᵀx."""
    y = model.item_factors.astype(np.float64)
    weights = DATA.matrix[user].toarray().ravel().astype(np.float64)
    confidence = 1 + model.config.alpha * np.log1p(weights)
    preference = (weights > 0).astype(np.float64)
    normal = y.T @ np.diag(confidence) @ y + model.config.regularization * np.eye(y.shape[1])
    return float(y[item] @ np.linalg.solve(normal, y.T @ (confidence * preference)))


@pytest.mark.parametrize("user", [0, 3, 11])
def test_als_contributions_sum_to_the_folded_in_score(user: int) -> None:
    model = Als(AlsConfig(factors=6)).fit(DATA)
    for item in (0, 4, 9):
        why = model.explain(user, item)
        assert why.score == pytest.approx(folded_in(model, user, item), abs=1e-6)
        assert why.parts[Columns.CONTRIBUTION].sum() == pytest.approx(why.score, abs=1e-12)
        assert set(why.parts[Columns.ITEM]) == set(DATA.items[DATA.item[DATA.user == user]])
        assert why.parts[Columns.CONTRIBUTION].is_monotonic_decreasing


def test_als_with_fold_in_scores_what_its_explanation_sums_to() -> None:
    model = Als(AlsConfig(factors=6, fold_in=True)).fit(DATA)
    assert model.explain(3, 4).score == pytest.approx(float(model.score([3], [4])[0, 0]), abs=1e-5)


def test_the_trained_vector_of_als_scores_about_the_same() -> None:
    model = Als(AlsConfig(factors=6, iterations=30)).fit(DATA)
    assert model.explain(3, 4).score == pytest.approx(float(model.score([3], [4])[0, 0]), abs=0.05)


@pytest.mark.parametrize(
    "model",
    [
        ItemKnn(ItemKnnConfig()),
        ItemKnn(ItemKnnConfig(weighting="log", similarity="bm25", own_weight=2.0)),
        Ease(EaseConfig(regularization=5.0)),
        Ease(EaseConfig(regularization=5.0, weighting="linear", own_weight=0.5)),
    ],
    ids=lambda model: f"{model.config.algorithm}-{model.config.own_weight:g}",
)
def test_item_to_item_contributions_sum_to_the_score(model: ItemKnn | Ease) -> None:
    model.fit(DATA)
    for user in DATA.users:
        for item in (0, 2, 7):
            expected = float(model.score([user], [item])[0, 0])
            assert model.explain(user, item).score == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_one_item_explains_everything_where_there_is_one() -> None:
    model = ItemKnn(ItemKnnConfig()).fit(log([(0, "a", 0), (1, "a", 0), (1, "b", 0), (2, "b", 1)]))
    why = model.explain(0, "b")
    assert why.parts[Columns.ITEM].tolist() == ["a"]
    assert why.score == pytest.approx(1 / (2**0.5 * 2**0.5))  # one user in common, two have each


def test_only_rows_before_the_request_speak() -> None:
    model = ItemKnn(ItemKnnConfig()).fit(log([(0, "a", 0), (0, "b", 5), (1, "a", 0), (1, "b", 0)]))
    assert model.explain(0, "b", at=5).parts[Columns.ITEM].tolist() == ["a"]
    with pytest.raises(NotFoundError, match="no interaction before the request"):
        model.explain(0, "b", at=0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_who_can_explain_is_said_and_true(algorithm: str) -> None:
    model = build(parse({"algorithm": algorithm}))
    overrides = type(model)._contributions is not Core._contributions
    assert overrides == (algorithm in EXPLAINERS)


def test_a_model_that_cannot_explain_names_those_that_can() -> None:
    with pytest.raises(CapabilityError, match=r"memory cannot explain.*als, ease and item_knn can"):
        Memory(MemoryConfig()).fit(DATA).explain(0, 0)


def test_strangers_and_unknown_items_are_not_explained() -> None:
    model = ItemKnn(ItemKnnConfig()).fit(log([(0, "a", 0), (1, "a", 0)], items=["a", "new"]))
    with pytest.raises(NotFoundError, match="user 9: no interaction"):
        model.explain(9, "a")
    for item in ("nobody", "new"):
        with pytest.raises(NotFoundError, match=f"item '{item}': nothing was learned"):
            model.explain(0, item)


@pytest.mark.parametrize("model", [Als(AlsConfig(factors=3)), Ease(EaseConfig())])
def test_nothing_is_similar_to_an_item_without_rows(model: Als | Ease) -> None:
    model.fit(log([(0, "a", 0), (0, "b", 0), (1, "a", 0), (1, "b", 0)], items=["new"]))
    assert model.similar_items(["new"], k=9).empty
    assert model.similar_items(["a"], k=9)[Columns.SIMILAR].tolist() == ["b"]  # all there are


def by_hand(model: Bpr, data: Dataset, user: int) -> dict[int, float]:
    """Seed 002: MinMaxScaler over all of the user's scores, then what was seen is left out."""
    scores = model.score([user], data.items)[0].astype(np.float64)
    scaled = (scores - scores.min()) / (scores.max() - scores.min())
    seen = set(data.item[data.user == user])
    return {i: scaled[i] for i in range(data.n_items) if i not in seen}


def test_scaled_scores_span_all_live_items_the_seen_included() -> None:
    model = Bpr(BprConfig(factors=4, iterations=20)).fit(DATA)
    now = int(DATA.time[-1]) + 1
    lists = model.recommend([2, 5], k=99, at=now, repeat=RepeatPolicy(kind="exclude"))
    live = np.arange(DATA.n_items)
    scaled = unit_scaled(model, lists, live, now)
    for user in (2, 5):
        mine = scaled[scaled[Columns.USER] == user]
        expected = by_hand(model, DATA, user)
        assert set(mine[Columns.ITEM]) == set(expected)
        for item, score in zip(mine[Columns.ITEM], mine[Columns.SCORE], strict=True):
            assert score == pytest.approx(expected[item], abs=1e-6)
    assert scaled[Columns.ITEM].tolist() == lists[Columns.ITEM].tolist()


def test_equal_scores_scale_to_zero() -> None:
    data = log([(0, "a", 0), (1, "b", 0)])
    model = Memory(MemoryConfig()).fit(data)
    lists = model.recommend([0], k=1, candidates=["b"])
    assert unit_scaled(model, lists, np.array([1]), 5)[Columns.SCORE].tolist() == [0.0]
