from math import log2
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    ndcg_score,
    roc_auc_score,
)

from onstage.metrics.auc import auc
from onstage.metrics.average_precision import average_precision
from onstage.metrics.catalog import AT_K, metric_keys, rank_metrics
from onstage.metrics.hit_rate import hit_rate
from onstage.metrics.ndcg import ndcg
from onstage.metrics.precision import precision
from onstage.metrics.ranks import Ranks
from onstage.metrics.recall import recall, recall_min
from onstage.metrics.reciprocal_rank import reciprocal_rank


def ranks(*events: list[float], candidates: int = 100) -> Ranks:
    """Ranks given directly, one list an event, ascending."""
    event = np.repeat(np.arange(len(events)), [len(e) for e in events])
    flat = np.array([rank for e in events for rank in e], dtype=np.float64)
    return Ranks(event, flat, np.full(len(events), candidates))


# Event 0: relevant items at places 1 and 3. Event 1: one at place 6.
TWO = ranks([1, 3], [6])


def test_hit_rate_asks_whether_anything_relevant_was_shown() -> None:
    assert hit_rate(TWO, 1).tolist() == [1, 0]
    assert hit_rate(TWO, 6).tolist() == [1, 1]


def test_recall_divides_by_all_that_is_relevant() -> None:
    assert recall(TWO, 1).tolist() == [1 / 2, 0]
    assert recall(TWO, 3).tolist() == [2 / 2, 0]


def test_recall_min_divides_by_what_the_list_can_hold() -> None:
    assert recall_min(TWO, 1).tolist() == [1 / min(1, 2), 0]
    assert recall_min(TWO, 3).tolist() == [2 / min(3, 2), 0]


def test_precision_divides_by_the_length_of_the_list() -> None:
    assert precision(TWO, 5).tolist() == [2 / 5, 0]
    assert precision(TWO, 10).tolist() == [2 / 10, 1 / 10]


def test_ndcg_discounts_by_the_logarithm_of_the_place_after() -> None:
    expected = (1 / log2(2) + 1 / log2(4)) / (1 / log2(2) + 1 / log2(3))
    np.testing.assert_allclose(ndcg(TWO, 10), [expected, 1 / log2(7)])


def test_ndcg_at_one_is_ideal_with_one_hit_although_two_are_relevant() -> None:
    assert ndcg(TWO, 1).tolist() == [1, 0]


def test_average_precision_is_the_mean_precision_at_the_hits() -> None:
    # Hits at 1 (precision 1/1) and 3 (precision 2/3), of min(k, 2).
    np.testing.assert_allclose(average_precision(TWO, 10), [(1 / 1 + 2 / 3) / 2, (1 / 6) / 1])
    np.testing.assert_allclose(average_precision(TWO, 2), [(1 / 1) / 2, 0])
    # Three are relevant, but a list of two holds no more than two.
    np.testing.assert_allclose(average_precision(ranks([1, 2, 9]), 2), [(1 / 1 + 2 / 2) / 2])


def test_reciprocal_rank_is_that_of_the_first_hit_only() -> None:
    np.testing.assert_allclose(reciprocal_rank(ranks([2, 3], [6]), 5), [1 / 2, 0])
    np.testing.assert_allclose(reciprocal_rank(ranks([2, 3], [6]), 10), [1 / 2, 1 / 6])


def test_auc_counts_pairs_in_the_right_order() -> None:
    # 5 candidates, relevant at 1 and 3: of 2 x 3 pairs, (1, *) are right thrice, (3, *) twice.
    assert auc(ranks([1, 3], candidates=5)).tolist() == [pytest.approx(5 / 6)]


def test_auc_counts_a_tie_half() -> None:
    one = Ranks.from_ties(np.array([0]), np.array([0]), np.array([2]), np.array([2]))
    assert auc(one).tolist() == [1 / 2]


def test_auc_is_undefined_when_everything_is_relevant() -> None:
    assert np.isnan(auc(ranks([1, 2], candidates=2))).all()


@st.composite
def scored(draw: st.DrawFn, *, ties: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    n = draw(st.integers(2, 30))
    relevant = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any))
    values = st.integers(0, 5 if ties else 10**6)
    scores = draw(st.lists(values, min_size=n, max_size=n, unique=not ties))
    return np.array(relevant), np.array(scores)


def from_scores(relevant: NDArray[Any], scores: NDArray[Any]) -> Ranks:
    truth = scores[relevant]
    return Ranks.from_ties(
        np.zeros(len(truth), dtype=np.int64),
        (scores > truth[:, None]).sum(axis=1),
        (scores == truth[:, None]).sum(axis=1),
        np.array([len(scores)]),
    )


@settings(max_examples=40)
@given(scored(ties=False), st.integers(1, 35))
def test_ndcg_agrees_with_scikit_learn(example: tuple[NDArray[Any], NDArray[Any]], k: int) -> None:
    relevant, scores = example
    expected = ndcg_score([relevant.astype(int)], [scores], k=k)
    assert ndcg(from_scores(relevant, scores), k)[0] == pytest.approx(expected)


@settings(max_examples=40)
@given(scored(ties=True))
def test_auc_agrees_with_scikit_learn_on_ties_too(
    example: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    relevant, scores = example
    if relevant.all():
        return
    expected = roc_auc_score(relevant, scores)
    assert auc(from_scores(relevant, scores))[0] == pytest.approx(expected)


@settings(max_examples=40)
@given(scored(ties=False))
def test_unbounded_average_precision_agrees_with_scikit_learn(
    example: tuple[NDArray[Any], NDArray[Any]],
) -> None:
    relevant, scores = example
    found = average_precision(from_scores(relevant, scores), len(scores))[0]
    assert found == pytest.approx(average_precision_score(relevant, scores))


@settings(max_examples=40)
@given(scored(ties=True), st.integers(1, 35))
def test_every_metric_stays_between_0_and_1_whatever_is_tied(
    example: tuple[NDArray[Any], NDArray[Any]], k: int
) -> None:
    for key, values in rank_metrics(from_scores(*example), (k,)).items():
        if not np.isnan(values[0]):
            assert -1e-12 <= values[0] <= 1 + 1e-12, key


@settings(max_examples=40)
@given(scored(ties=True), st.integers(1, 30))
def test_what_was_found_stays_found_when_the_list_gets_longer(
    example: tuple[NDArray[Any], NDArray[Any]], k: int
) -> None:
    made = from_scores(*example)
    for name in ("hr", "recall", "mrr"):
        assert AT_K[name](made, k)[0] <= AT_K[name](made, k + 1)[0]


@settings(max_examples=40)
@given(scored(ties=False), st.integers(1, 30), st.randoms())
def test_the_order_below_the_depth_does_not_matter(
    example: tuple[NDArray[Any], NDArray[Any]], k: int, random: Random
) -> None:
    relevant, scores = example
    below = np.argsort(-scores)[k:]
    shuffled = scores.copy()
    shuffled[below] = random.sample(scores[below].tolist(), len(below))
    before, after = from_scores(relevant, scores), from_scores(relevant, shuffled)
    for name, metric in AT_K.items():
        assert metric(before, k)[0] == pytest.approx(metric(after, k)[0]), name


def test_events_of_different_sizes_are_computed_together_as_one_by_one() -> None:
    together = rank_metrics(ranks([1, 3, 9], [6], [2, 4]), (1, 5, 10))
    for number, one in enumerate(([1, 3, 9], [6], [2, 4])):
        for key, values in rank_metrics(ranks(one), (1, 5, 10)).items():
            assert together[key][number] == pytest.approx(values[0]), key


def test_keys_are_lower_case_with_the_depth() -> None:
    keys = metric_keys((10,))
    assert keys[0] == "hr_at_10"
    assert {"ndcg_at_10", "recall_min_at_10", "auc", "coverage_at_10", "novelty_at_10"} <= set(keys)


def test_a_depth_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        rank_metrics(TWO, (0, 5))
