"""Popularity, item-kNN and EASE against arithmetic and independent implementations."""

import numpy as np
import pytest
from scipy import sparse

from onstage.data.dataset import Dataset
from onstage.errors import CapabilityError, ConfigError
from onstage.models import ease, similarity
from onstage.models.catalog import build
from onstage.models.decayed_popularity import DecayedPopularityConfig
from onstage.models.ease import Ease, EaseConfig
from onstage.models.item_knn import ItemKnn, ItemKnnConfig
from onstage.models.memory import MemoryConfig
from onstage.models.popularity import PopularityConfig
from onstage.testing.examples import crowd, log


# users 0 and 1 had a and b, user 2 had a and c, user 3 only c
ROWS = [(0, "a", 0), (0, "b", 0), (1, "a", 0), (1, "b", 0), (2, "a", 0), (2, "c", 0), (3, "c", 0)]


def neighbours(data: Dataset, config: ItemKnnConfig) -> np.ndarray:
    model = ItemKnn(config).fit(data)
    return model.state()["neighbours.data"]


def test_decayed_popularity_halves_in_a_half_life() -> None:
    data = log([(0, "a", 0), (1, "a", 24), (0, "b", 48)])  # the newest row is at hour 48
    model = build(DecayedPopularityConfig(half_life_days=1)).fit(data)
    assert model.score([0], ["a", "b"])[0].tolist() == [1 / 4 + 1 / 2, 1]


def test_popularity_counts_rows() -> None:
    model = build(PopularityConfig()).fit(log(ROWS))  # type: ignore[arg-type]
    assert model.score([3], ["a", "b", "c"])[0].tolist() == [3, 2, 2]


def test_cosine_is_shared_users_by_the_roots_of_both() -> None:
    model = build(ItemKnnConfig()).fit(log(ROWS))  # type: ignore[arg-type]
    top = model.similar_items(["a"], k=5)
    # a has 3 users, b and c have 2; a and b share 2, a and c share 1
    assert top["similar_item_id"].tolist() == ["b", "c"]
    assert top["score"].tolist() == pytest.approx([2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 2)])


def test_jaccard_is_shared_users_by_users_of_either_and_shrinks() -> None:
    model = build(ItemKnnConfig(similarity="jaccard")).fit(log(ROWS))  # type: ignore[arg-type]
    assert model.similar_items(["a"], k=5)["score"].tolist() == pytest.approx([2 / 3, 1 / 4])
    shrunk = ItemKnnConfig(similarity="jaccard", shrinkage=2)
    model = build(shrunk).fit(log(ROWS))  # type: ignore[arg-type]
    assert model.similar_items(["a"], k=5)["score"].tolist() == pytest.approx([2 / 5, 1 / 6])


def test_a_score_sums_the_similarities_of_what_the_user_had() -> None:
    data = log([*ROWS, (4, "b", 0), (4, "c", 0)])  # now b and c have 3 users and share one
    model = build(ItemKnnConfig()).fit(data)
    score_of_a = 2 / np.sqrt(3 * 3) + 1 / np.sqrt(3 * 3)
    assert model.score([4], ["a"])[0, 0] == pytest.approx(score_of_a)


def test_own_weight_lets_repeats_speak_for_themselves() -> None:
    data = log([*ROWS, (3, "c", 1)])
    for config in (ItemKnnConfig(weighting="linear"), EaseConfig(weighting="linear")):
        plain = build(config).fit(data).score([3], ["a", "c"])[0]
        own = build(config.model_copy(update={"own_weight": 0.5})).fit(data).score([3], ["a", "c"])
        assert own[0] == pytest.approx([plain[0], plain[1] + 0.5 * 2])  # user 3 had c twice


@pytest.mark.filterwarnings("ignore:Method expects CSR input")
@pytest.mark.parametrize(
    ("kind", "weighting"),
    [("cosine", "binary"), ("cosine", "linear"), ("tfidf", "linear"), ("bm25", "linear")],
)
def test_similarities_are_those_of_implicit(kind: str, weighting: str) -> None:
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    data = crowd(1, users=60, items=30, rows=500)
    config = ItemKnnConfig(similarity=kind, weighting=weighting, neighbours=30)  # type: ignore[arg-type]
    ours = ItemKnn(config).fit(data)
    peer = {
        "cosine": CosineRecommender(K=31),
        "tfidf": TFIDFRecommender(K=31),
        "bm25": BM25Recommender(K=31, K1=1.2, B=0.75),
    }[kind]
    matrix = data.matrix.copy()
    if weighting == "binary":
        matrix.data[:] = 1
    peer.fit(matrix, show_progress=False)
    theirs = peer.similarity.toarray()
    np.fill_diagonal(theirs, 0)
    top = ours.similar_items(data.items, k=30)
    found = np.zeros((30, 30))
    found[top["item_id"], top["similar_item_id"]] = top["score"]
    np.testing.assert_allclose(found, theirs, rtol=1e-4, atol=1e-6)


def test_neighbours_are_the_best_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    data = crowd(2, users=60, items=40, rows=900)
    every = ItemKnn(ItemKnnConfig(neighbours=40)).fit(data)
    few = ItemKnn(ItemKnnConfig(neighbours=5)).fit(data)
    monkeypatch.setattr(similarity, "PRODUCTS", 50)
    blocked = ItemKnn(ItemKnnConfig(neighbours=5)).fit(data)
    for name, values in few.state().items():
        np.testing.assert_array_equal(values, blocked.state()[name])
    kept, full = few.similar_items(data.items, k=40), every.similar_items(data.items, k=40)
    assert kept.groupby("item_id").size().max() == 5
    best = full[full["rank"] <= 5]
    np.testing.assert_allclose(kept["score"], best["score"], rtol=1e-6)


def test_ease_is_the_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "GATHERED_CELLS", 4)
    data = log(ROWS)  # type: ignore[arg-type]
    model = Ease(EaseConfig(regularization=2.0)).fit(data)
    x = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1.0]])
    inverse = np.linalg.inv(x.T @ x + 2 * np.eye(3))
    weights = np.eye(3) - inverse / np.diag(inverse)  # Steck 2019, equation 8
    np.fill_diagonal(weights, 0)
    np.testing.assert_allclose(
        model.score(range(4), ["a", "b", "c"]), x @ weights, rtol=1e-5, atol=1e-6
    )


def test_ease_is_the_same_whether_users_or_items_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = np.random.default_rng(3).poisson(0.3, size=(5, 17)).astype(np.float32)
    matrix = sparse.csr_matrix(dense)
    by_users = ease._weights(matrix, 7.0)
    monkeypatch.setattr(ease, "FEW_USERS", 17)
    by_items = ease._weights(matrix, 7.0)
    inverse = np.linalg.inv(dense.T.astype(np.float64) @ dense + 7.0 * np.eye(17))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(by_users, expected, atol=1e-6)
    np.testing.assert_allclose(by_items, expected, atol=1e-6)


def test_ease_learns_of_trained_items_only() -> None:
    data = log(ROWS, items=["0", "zz", "bb"])  # type: ignore[arg-type]
    model = Ease(EaseConfig()).fit(data)
    assert model.state()["weights"].shape == (3, 3)
    assert set(model.recommend([0], k=9)["item_id"]) == {"a", "b", "c"}
    plain = Ease(EaseConfig()).fit(log(ROWS))  # type: ignore[arg-type]
    np.testing.assert_allclose(
        model.score([0], ["a", "c"]), plain.score([0], ["a", "c"]), rtol=1e-5
    )


def test_ease_refuses_a_catalogue_that_is_too_large() -> None:
    with pytest.raises(ConfigError, match="ease: 3 trained items, max_items is 2; raise it"):
        Ease(EaseConfig(max_items=2)).fit(log(ROWS))  # type: ignore[arg-type]


def test_new_rows_count_without_a_new_fit() -> None:
    data = log(ROWS, items=["d"])  # type: ignore[arg-type]
    model = build(ItemKnnConfig()).fit(data.where(data.user != 2))
    assert model.recommend([2], k=1)["fallback"].all()
    model.observe(data)
    assert not model.recommend([2], k=1, at=1)["fallback"].any()
    assert model.recommend([2], k=1, at=0)["fallback"].all()


def test_a_model_without_similarity_says_so() -> None:
    with pytest.raises(CapabilityError, match="memory cannot compare items"):
        build(MemoryConfig()).fit(crowd(0)).similar_items([0], k=2)
