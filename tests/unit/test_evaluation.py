"""Every event is ranked among all its candidates, in groups, in blocks of any size."""

from functools import partial
from math import log2
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.evaluation.blocks import gathered
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.places import places
from onstage.evaluation.summary import value_of
from onstage.metrics.catalog import rank_metrics
from onstage.metrics.ranks import Ranks
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import TemporalProtocol
from tests.unit.exams import SCORES, TRAIN, Table, exam, log


def test_each_event_is_ranked_among_all_its_candidates() -> None:
    asked = exam([[0], [0, 4], [1]], [[True], [True, False], [False]])
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    whole = events[events["group"] == "all"]
    # Ranks: 1; 5 and 1; the middle of places 1, 2, 3.
    assert whole["mrr_at_5"].tolist() == [1, 1, 1 / 2]
    second = (1 / log2(2) + 1 / log2(6)) / (1 / log2(2) + 1 / log2(3))
    assert whole["ndcg_at_5"].tolist() == pytest.approx([1, second, 1 / log2(3)])
    assert whole["n_candidates"].tolist() == [5, 5, 5]
    assert whole["user_id"].tolist() == [1, 2, 3]
    assert whole["timestamp"].tolist() == [5, 5, 5]


def test_a_group_has_the_events_with_relevant_items_of_its_kind() -> None:
    asked = exam([[0], [0, 4], [1]], [[True], [True, False], [False]])
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    repeat, unseen = (events[events["group"] == g] for g in ("repeat", "unseen"))
    assert repeat["event"].tolist() == [0, 1]
    assert repeat["mrr_at_5"].tolist() == [1, 1 / 5]  # of event 1 only the item at place 5
    assert repeat["n_relevant"].tolist() == [1, 1]
    assert unseen["event"].tolist() == [1, 2]
    assert unseen["mrr_at_5"].tolist() == [1, 1 / 2]


def test_a_group_without_any_event_has_no_rows() -> None:
    asked = exam([[0], [1]], [[True], [True]])
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    assert set(events["group"]) == {"all", "repeat"}


def test_on_track_a_repeats_are_told_apart_by_the_window() -> None:
    train = log(TRAIN)
    window = train.where(np.flatnonzero(train.user != 0))  # user 1's inputs do not show item 10
    asked = exam([[0], [2]], [[True], [True]], protocol="live-A", history=window, window=16)
    events = evaluate(Table(SCORES).fit(train), asked)
    assert events.loc[events["group"] == "older", "user_id"].tolist() == [1]
    assert events.loc[events["group"] == "in_window", "user_id"].tolist() == [2]


def test_an_excluded_item_takes_no_place() -> None:
    pool = Candidates.shared(np.arange(5), 2).without(np.array([0, 0]), np.array([0, 1]))
    asked = exam([[2], [2]], [[False], [False]], candidates=pool)
    whole = evaluate(Table(SCORES).fit(asked.train), asked).query("group == 'all'")
    assert whole["mrr_at_10"].tolist() == [1, 1 / 3]
    assert whole["n_candidates"].tolist() == [3, 5]


def test_items_that_training_never_saw_tie_at_the_bottom() -> None:
    train = log([*TRAIN, (1, 15, 9), (1, 16, 9)])
    known = train.where(train.time < 5)
    asked = exam([[5]], [[False]], candidates=Candidates.shared(np.arange(7), 1))
    asked = Holdout(**{**vars(asked), "train": known, "history": known})
    table = np.array([[1, 2, 3, 4, 5, 99, 98]])
    whole = evaluate(Table(table).fit(known), asked).query("group == 'all'")
    assert whole["mrr_at_10"].tolist() == [1 / 6.5]  # five known ones, then places 6 and 7


def test_the_fallback_is_marked() -> None:
    train = log(TRAIN)
    known = train.where(train.user < 2)  # user 3 has no rows left
    asked = Holdout(**{**vars(exam([[0], [1], [0]], [[True]] * 3)), "train": known})
    whole = evaluate(Table(SCORES).fit(known), asked).query("group == 'all'")
    assert whole["fallback"].tolist() == [False, False, True]
    # Popularity answers user 3: item 10 was had twice, the others at most once.
    assert whole["mrr_at_10"].tolist()[2] == 1


def test_blocks_of_any_size_give_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    dataset = log([(u, i, t) for t, (u, i) in enumerate(rng.integers(0, 9, (300, 2)).tolist())])
    asked = holdouts(TemporalProtocol(), dataset, AvailabilityIndex.everything(9)).test
    model = Popularity(PopularityConfig()).fit(asked.train)
    whole = evaluate(model, asked)
    scored = model.scored
    monkeypatch.setattr(model, "scored", lambda r, c: scored(r, c, cells=1))
    pd.testing.assert_frame_equal(whole, evaluate(model, asked))


@settings(max_examples=40)
@given(st.randoms(), st.sampled_from([10, 60, 10**6]))
def test_events_with_candidates_of_their_own_are_measured_as_one_by_one(
    random: Random, cells: int
) -> None:
    rng = np.random.default_rng(random.randrange(10**9))
    sets = [np.flatnonzero(rng.random(30) < 0.6) for _ in range(8)]
    sets = [s if len(s) else np.array([0]) for s in sets]
    relevant = [np.sort(rng.choice(s, rng.integers(1, min(len(s), 9) + 1), False)) for s in sets]
    train = log([(u, i, 0) for u in range(8) for i in range(30) if (u + i) % 3])
    pool = Candidates(np.cumsum([0, *map(len, sets)]), np.concatenate(sets), np.arange(8))
    asked = exam([r.tolist() for r in relevant], [[True] * len(r) for r in relevant])
    asked = Holdout(**{**vars(asked), "train": train, "history": train, "candidates": pool})
    table = rng.integers(0, 6, (8, 30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onstage.evaluation.evaluate.gathered", partial(gathered, cells=cells))
        events = evaluate(Table(table).fit(train), asked, ks=(1, 5)).query("group == 'all'")
    assert events["n_candidates"].tolist() == [len(s) for s in sets]
    for number, (items, truth) in enumerate(zip(sets, relevant, strict=True)):
        row = table[number]
        ranks = Ranks.from_ties(
            np.zeros(len(truth), dtype=np.int64),
            np.array([sum(row[o] > row[i] for o in items) for i in truth]),
            np.array([sum(row[o] == row[i] for o in items) for i in truth]),
            np.array([len(items)]),
        )
        for key, values in rank_metrics(ranks, (1, 5)).items():
            assert events[key].iloc[number] == pytest.approx(values[0], nan_ok=True), key
    popularity = train.item_counts
    lists = [
        sorted(items, key=lambda i, row=row: (-row[i], -popularity[i], i))[:10]
        for items, row in zip(sets, table, strict=True)
    ]
    covered = len(set(np.concatenate(lists))) / len(set(np.concatenate(sets)))
    assert value_of(events, "coverage_at_10") == pytest.approx(covered)


def test_the_table_survives_parquet(tmp_path: Path) -> None:
    asked = exam([[0], [0, 4]], [[True], [True, False]])
    events = evaluate(Table(SCORES).fit(asked.train), asked)
    events.to_parquet(tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(events, pd.read_parquet(tmp_path / "events.parquet"))


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 3), st.randoms())
def test_places_are_counted_as_a_loop_counts_them(
    n_items: int, n_rows: int, spread: int, random: Random
) -> None:
    rng = np.random.default_rng(random.randrange(10**9))
    scores = rng.integers(0, spread + 1, (n_rows, n_items)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    scores[rng.random(scores.shape) < 0.2] = np.nan
    line, column = np.nonzero(~np.isnan(scores) & (rng.random(scores.shape) < 0.7))
    truth = scores[line, column]
    for few in (0, 99):  # sorted, compared
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("onstage.evaluation.places.FEW", few)
            ahead, tied = places(scores, line, truth)
        for number, (row, score) in enumerate(zip(line, truth, strict=True)):
            assert ahead[number] == sum(other > score for other in scores[row])
            assert tied[number] == sum(other == score for other in scores[row])
