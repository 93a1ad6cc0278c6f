"""Masked AUC counted for all users is what the notebook's loop over users gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import roc_auc_score

from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.masked_auc import factor_blocks, list_aucs, user_aucs
from onstage.models.als import Als, AlsConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.pipeline.masking import COLUMNS, aucs, hidden_pairs, summary
from onstage.splitting.masked import masked_holdouts
from onstage.splitting.protocol import MaskedProtocol
from onstage.testing.examples import crowd


def masked(seed: int, share: float = 0.3) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """A random matrix cut into what is known and what is hidden (ones)."""
    rng = np.random.default_rng(seed)
    full = rng.random((15, 40)) < rng.random(40) * 0.6
    hide = full & (rng.random(full.shape) < share)
    return sparse.csr_matrix((full & ~hide).astype(float)), sparse.csr_matrix(hide.astype(float))


def looped(
    scores: NDArray[np.float64], known: sparse.csr_matrix, hidden: sparse.csr_matrix
) -> NDArray[np.float64]:
    """Seed 000's ``calc_mean_auc``: scikit-learn, user by user, over items not in training."""
    found = np.full(known.shape[0], np.nan)
    for user in range(known.shape[0]):
        unknown = known[user].toarray().ravel() == 0
        actual = hidden[user].toarray().ravel()[unknown]
        if 0 < actual.sum() < len(actual):
            found[user] = roc_auc_score(actual, scores[user, unknown])
    return found


@settings(max_examples=40)
@given(st.integers(0, 300), st.sampled_from([1, 2, 8, 1000]), st.sampled_from([64, 1 << 20]))
def test_factors_rank_as_in_the_loop_ties_included(seed: int, levels: int, cells: int) -> None:
    known, hidden = masked(seed)
    rng = np.random.default_rng(seed)
    users, items = (
        (rng.integers(levels, size=(n, 2)) / 8).astype(np.float32) for n in known.shape
    )  # eighths: products are exact, so that ties are ties on both sides
    found = user_aucs(factor_blocks(users, items, known, np.arange(15), cells=cells), hidden)
    np.testing.assert_allclose(found, looped(users @ items.T, known, hidden), atol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 300), st.sampled_from([1, 3, 1000]))
def test_one_list_for_all_ranks_as_in_the_loop(seed: int, levels: int) -> None:
    known, hidden = masked(seed)
    values = np.random.default_rng(seed).integers(levels, size=40)
    every = np.tile(values.astype(float), (15, 1))
    np.testing.assert_allclose(
        list_aucs(values, known, hidden), looped(every, known, hidden), atol=1e-12
    )


def test_many_hidden_items_are_sorted_and_few_compared_alike() -> None:
    rng = np.random.default_rng(0)
    hidden = sparse.csr_matrix((rng.random((4, 400)) < [[0.01], [0.1], [0.5], [0.9]]).astype(float))
    known = sparse.csr_matrix(hidden.shape)
    users, items = rng.random((4, 3), dtype=np.float32), rng.random((400, 3), dtype=np.float32)
    found = user_aucs(factor_blocks(users, items, known, np.arange(4)), hidden)
    np.testing.assert_allclose(found, looped(users @ items.T, known, hidden), atol=1e-6)


def test_the_arithmetic_shown() -> None:
    hidden = sparse.csr_matrix(([1.0, 1.0], ([0, 0], [1, 3])), shape=(1, 5))
    known = sparse.csr_matrix(([1.0], ([0], [4])), shape=(1, 5))
    values = np.array([5, 4, 3, 3, 9])  # candidates 0 to 3; hidden are 1 (4) and 3 (3)
    # 4 against 5: 0, against 3: 1; 3 against 5: 0, against 3: 1/2; of 2 * 2 pairs
    assert list_aucs(values, known, hidden).tolist() == [(0 + 1 + 0 + 0.5) / 4]


def test_who_has_nothing_hidden_or_nothing_else_has_no_area() -> None:
    hidden = sparse.csr_matrix(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]))
    known = sparse.csr_matrix(hidden.shape)
    assert np.isnan(list_aucs(np.array([1, 2]), known, hidden)).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "model", [Als(AlsConfig(factors=4)), Popularity(PopularityConfig())], ids=["als", "popularity"]
)
def test_it_is_the_auc_of_the_full_evaluation(model: Als | Popularity) -> None:
    exam = masked_holdouts(MaskedProtocol(share=0.3), crowd(3)).test
    model.fit(exam.train)
    events = evaluate(model, exam)
    model.observe(exam.past)
    found = user_aucs(model.scored(exam.requests, exam.candidates), hidden_pairs(exam))
    expected = events.loc[events["group"] == "all", "auc"].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_popularity_that_counts_the_hidden_pairs_has_seen_the_answers() -> None:
    exam = masked_holdouts(MaskedProtocol(share=0.3), crowd(8, users=60, items=40)).test
    table = aucs(exam, np.full(len(exam), 0.5))
    assert table["popularity_of_all_pairs"].mean() > table["popularity"].mean()
    rows = {row["name"]: row for row in summary(table, 0)}
    assert set(COLUMNS) < set(rows)
    gain = rows["gain_over_popularity"]
    assert gain["value"] == pytest.approx(0.5 - table["popularity"].mean())
    assert gain["low"] <= gain["value"] <= gain["high"]
