from math import log2, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.metrics import diversity
from onstage.metrics.coverage import gini_shares, new_items
from onstage.metrics.diversity import intra_list_distance
from onstage.metrics.lists import mean_per_event
from onstage.metrics.popularity import self_information, short_head, user_share
from onstage.metrics.serendipity import among_most_popular


def test_coverage_counts_an_item_in_the_first_list_that_has_it() -> None:
    # Lists: [4, 7], [7, 9], [4]. New: 2, then 9 only, then nothing.
    event, item = np.array([0, 0, 1, 1, 2]), np.array([4, 7, 7, 9, 4])
    assert new_items(event, item, 4).tolist() == [2, 1, 0, 0]


def test_coverage_does_not_depend_on_the_order_of_the_rows() -> None:
    event, item = np.array([2, 1, 0, 1, 0]), np.array([4, 9, 7, 7, 4])
    assert new_items(event, item, 3).tolist() == [2, 1, 0]


def test_self_information_is_in_bits_of_the_share_of_users() -> None:
    # 3 active users. Item 0 had by all of them, item 1 by one (twice), item 2 by nobody.
    counts = sparse.csr_matrix(np.array([[1, 2, 0], [1, 0, 0], [5, 0, 0], [0, 0, 0]]))
    expected = [-log2(4 / 4), -log2(2 / 4), -log2(1 / 4)]
    np.testing.assert_allclose(self_information(counts), expected)
    np.testing.assert_allclose(user_share(counts), [3 / 3, 1 / 3, 0])


def test_the_head_is_the_most_popular_fifth_of_the_items_that_anybody_had() -> None:
    # Users of items 0 to 6: 1, 3, 2, 3, 1, 1, 0. Six had by somebody: a fifth is 1.2, so 2 items.
    users = [1, 3, 2, 3, 1, 1, 0]
    counts = np.array([[float(user < n) for n in users] for user in range(3)])
    assert short_head(sparse.csr_matrix(counts)).tolist() == [0, 1, 0, 1, 0, 0, 0]
    # Among equals the first of the vocabulary: one of three is the head of three.
    assert short_head(sparse.csr_matrix(np.ones((2, 3)))).tolist() == [1, 0, 0]


def test_an_empty_list_has_no_mean() -> None:
    found = mean_per_event(np.array([0, 0, 2]), np.array([1.0, 3.0, 5.0]), 3)
    np.testing.assert_array_equal(found, [2.0, np.nan, 5.0])


def test_gini_is_0_if_everything_is_shown_equally_often() -> None:
    event, item = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])
    assert gini_shares(event, item, 2, 4).sum() == pytest.approx(0)


def test_gini_of_one_item_for_all_is_1_less_1_over_the_catalogue() -> None:
    event, item = np.arange(5), np.full(5, 2)
    shares = gini_shares(event, item, 5, 4)
    assert shares.sum() == pytest.approx(1 - 1 / 4)
    assert shares.tolist() == pytest.approx([0.75 / 5] * 5)  # each list does as much for it


def test_gini_counts_candidates_that_were_never_shown() -> None:
    # Shown 0, 0, 1, 3 times: (2*3 - 4 - 1) * 1 + (2*4 - 4 - 1) * 3 = 10, over 4 * 4.
    event, item = np.array([0, 0, 1, 2]), np.array([6, 9, 9, 9])
    assert gini_shares(event, item, 3, 4).sum() == pytest.approx(10 / 16)


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_gini_is_half_the_mean_difference_over_the_mean(n_events: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lists = [rng.choice(12, 4, replace=False) for _ in range(n_events)]
    exposure = np.bincount(np.concatenate(lists), minlength=12)
    pairs = np.abs(exposure[:, None] - exposure[None]).mean()
    event = np.repeat(np.arange(n_events), 4)
    found = gini_shares(event, np.concatenate(lists), n_events, 12).sum()
    assert found == pytest.approx(pairs / (2 * exposure.mean()), abs=1e-12)


def test_nothing_shown_has_no_gini() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert np.isnan(gini_shares(nothing, nothing, 2, 4)).all()


# Users 0, 1, 2. Item 10: users 0 and 1 (user 0 twice); 11: users 1 and 2; 12: user 2; 13: nobody.
WATCHED = Dataset.from_interactions(
    pd.DataFrame(
        [(0, 10, 0), (0, 10, 1), (1, 10, 1), (1, 11, 2), (2, 11, 2), (2, 12, 3)],
        columns=["user_id", "item_id", "timestamp"],
    ),
    clock=Clock(kind="step", step_seconds=60),
    items=[10, 11, 12, 13],
)


def test_diversity_is_the_mean_distance_of_audiences() -> None:
    # Cosines: (10, 11) share user 1: 1 / sqrt(2 * 2); (10, 12) nobody; (11, 12): 1 / sqrt(2 * 1).
    distances = [1 - 1 / 2, 1, 1 - 1 / sqrt(2)]
    event, item = np.array([0, 0, 0, 1, 1]), np.array([2, 0, 1, 1, 0])
    found = intra_list_distance(event, item, 2, WATCHED.audiences)
    np.testing.assert_allclose(found, [sum(distances) / 3, 1 / 2], atol=1e-12)


def test_an_item_that_nobody_had_is_at_distance_one_of_everything() -> None:
    event, item = np.array([0, 0, 1, 1, 1]), np.array([0, 3, 0, 3, 1])
    found = intra_list_distance(event, item, 2, WATCHED.audiences)
    np.testing.assert_allclose(found, [1, (1 + 1 + 1 / 2) / 3])


def test_a_list_of_one_has_no_diversity() -> None:
    found = intra_list_distance(np.array([1]), np.array([0]), 3, WATCHED.audiences)
    assert np.isnan(found).all()
    nothing = np.empty(0, dtype=np.int64)
    assert np.isnan(intra_list_distance(nothing, nothing, 2, WATCHED.audiences)).all()


@pytest.mark.parametrize("way", ["_by_sums", "_by_pairs"])
@pytest.mark.parametrize("cells", [20, 1 << 22])
def test_both_ways_to_diversity_are_the_mean_over_pairs(
    way: str, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    had = (rng.random((40, 15)) < 0.2).astype(np.float64)
    lists = [rng.choice(15, n, replace=False) for n in (10, 2, 0, 7, 10, 1)]
    event = np.repeat(np.arange(6), [len(one) for one in lists])
    item = np.concatenate(lists)
    shuffled = rng.permutation(len(event))
    norm = np.sqrt(had.sum(axis=0))
    cosine = had.T @ had / np.maximum(np.outer(norm, norm), 1e-12)
    rows = sparse.csr_matrix(np.divide(had, norm, where=norm > 0, out=np.zeros_like(had)).T)
    monkeypatch.setattr(diversity, "CELLS", cells)
    chosen = getattr(diversity, way)
    monkeypatch.setattr(diversity, "_by_sums", chosen)
    monkeypatch.setattr(diversity, "_by_pairs", chosen)
    found = intra_list_distance(event[shuffled], item[shuffled], 6, rows)
    for number, one in enumerate(lists):
        pairs = [1 - cosine[i, j] for i in one for j in one if i < j]
        expected = np.mean(pairs) if pairs else np.nan
        assert found[number] == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=60)
@given(st.booleans(), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_most_popular_candidates_are_those_of_a_sort(shared: bool, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    valid = rng.random((4, 12)) < 0.6
    popularity = rng.integers(0, 4, 12 if shared else (4, 12)).astype(np.float32)
    line, column = np.nonzero(valid)
    found = among_most_popular(valid, valid.sum(axis=1), popularity, line, column, k)
    own = np.broadcast_to(popularity, (4, 12))
    for i, j, among in zip(line, column, found, strict=True):
        order = sorted(np.flatnonzero(valid[i]), key=lambda c, i=i: (-own[i, c], c))
        assert among == (j in order[:k])
