"""The lists that would be shown, and what they are beyond accuracy."""

from math import log2
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.candidates import Candidates
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.shown import shown
from onstage.evaluation.summary import metrics_in, value_of
from onstage.metrics.catalog import LISTS, metric_keys
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.holdout import Holdout
from tests.unit.exams import SCORES, Table, exam, log


def test_coverage_and_novelty_look_at_the_lists() -> None:
    pool = Candidates(np.array([0, 2, 4]), np.array([0, 1, 1, 2]), np.array([0, 1]))
    asked = exam([[0], [1]], [[True], [False]], candidates=pool)
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    # Lists [0, 1] and [2, 1] of the catalogue {0, 1, 2}: all of it is covered.
    assert value_of(events, "coverage_at_10") == pytest.approx(1)
    assert events["coverage_at_10"].tolist()[:2] == pytest.approx([2 / 3, 1 / 3])
    # 3 users; item 0 had by two of them, items 1 and 2 by one each.
    bits = [-log2(3 / 4), -log2(2 / 4), -log2(2 / 4)]
    expected = [(bits[0] + bits[1]) / 2, (bits[1] + bits[2]) / 2]
    assert events["novelty_at_10"].tolist()[:2] == pytest.approx(expected)
    assert events.loc[events["group"] != "all", "novelty_at_10"].isna().all()


def test_lists_are_measured_beyond_accuracy() -> None:
    pool = Candidates(np.array([0, 2, 4]), np.array([0, 1, 1, 2]), np.array([0, 1]))
    asked = exam([[0], [1]], [[True], [False]], candidates=pool)
    whole = evaluate(Table(SCORES).fit(asked.train), asked).query("group == 'all'")
    # Lists [0, 1] and [2, 1]: items 0, 1, 2 are shown 1, 2, 1 times, so at places 1.5, 3, 1.5.
    assert value_of(whole, "gini_at_10") == pytest.approx(
        ((2 * 1.5 - 4) * 1 + (2 * 1.5 - 4) * 1 + (2 * 3 - 4) * 2) / (3 * 4)
    )
    # Item 0 had by users 1 and 2, item 1 by user 1, item 2 by user 2: cosines 1 / sqrt(2), 0.
    assert whole["diversity_at_10"].tolist() == pytest.approx([1 - 2**-0.5, 1])
    assert whole["popularity_at_10"].tolist() == pytest.approx([(2 / 3 + 1 / 3) / 2, 1 / 3])
    # Of five items that somebody had, one is the head: item 0.
    assert whole["head_share_at_10"].tolist() == [1 / 2, 0]
    # User 1 had both of [0, 1], user 2 one of [1, 2].
    assert whole["repeat_list_share_at_10"].tolist() == [1, 1 / 2]


def test_serendipity_counts_what_popularity_would_not_have_shown() -> None:
    rows = [(1, item, 0) for item in range(10, 21)] + [(2, item, 0) for item in range(10, 20)]
    train = log([*rows, (3, 21, 0)])  # the ten most popular are 10 to 19; 20 and 21 are had once
    pool = Candidates.shared(np.arange(12), 3).without(np.array([2]), np.array([0]))
    asked = Holdout(
        **{
            **vars(exam([[0, 10], [0, 11], [10, 11]], [[True] * 2, [True] * 2, [False] * 2])),
            "train": train,
            "history": train,
            "candidates": pool,
        }
    )
    backwards = Table(np.tile(np.arange(12), (3, 1))).fit(train)  # shows positions 2 to 11
    events = evaluate(backwards, asked)
    # Event 0 finds 10, event 1 finds 11, each of two relevant items. Event 2 finds both, but has
    # no candidate 0, so position 10 (the first of those had once) is popularity's tenth.
    assert events.query("group == 'all'")["serendipity_at_10"].tolist() == [1 / 2, 1 / 2, 1 / 2]
    assert events.query("group == 'unseen'")["serendipity_at_10"].tolist() == [1 / 2]
    popular = evaluate(Popularity(PopularityConfig()).fit(train), asked)
    assert popular["serendipity_at_10"].tolist() == [0] * len(popular)


def test_lists_are_measured_in_the_group_of_all_alone() -> None:
    asked = exam([[0], [0, 4]], [[True], [True, False]])
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    assert events.loc[events["group"] == "all", list(LISTS)].notna().all(axis=None)
    assert events.loc[events["group"] != "all", list(LISTS)].isna().all(axis=None)
    assert set(metric_keys()) == set(metrics_in(events))
    assert np.isnan(value_of(events, "coverage_at_10", "repeat"))


@settings(max_examples=40)
@given(st.integers(1, 9), st.integers(0, 3), st.integers(1, 5), st.randoms())
def test_a_list_shows_what_recommend_would_pick(
    n_items: int, spread: int, k: int, random: Random
) -> None:
    rng = np.random.default_rng(random.randrange(10**9))
    scores = rng.integers(0, spread + 1, (5, n_items)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    scores[rng.random(scores.shape) < 0.2] = np.nan
    popularity = rng.integers(0, 3, n_items).astype(np.float32)
    line, column = shown(scores, popularity, k)
    found = {(int(a), int(b)) for a, b in zip(line, column, strict=True)}
    assert len(found) == len(line)
    expected = set()
    for number, row in enumerate(scores):
        best_first = sorted(
            (-row[i], -popularity[i], i) for i in range(n_items) if np.isfinite(row[i])
        )
        expected |= {(number, i) for _, _, i in best_first[:k]}
    assert found == expected
