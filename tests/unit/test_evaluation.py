from functools import partial
from math import log2
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import ContractError, SplitError
from onstage.evaluation.blocks import gathered
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.overlap import check_no_overlap
from onstage.evaluation.places import places
from onstage.evaluation.shown import shown
from onstage.evaluation.summary import metrics_in, value_of
from onstage.metrics.catalog import LISTS, metric_keys, rank_metrics
from onstage.metrics.ranks import Ranks
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.state import State
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol, TemporalProtocol
from onstage.types import Positions, Scores


class Table(Recommender[RecommenderConfig]):
    """Score pairs as a table says, so that a test knows every rank."""

    def __init__(self, table: NDArray[Any]) -> None:
        super().__init__(RecommenderConfig(algorithm="table"))
        self.table = np.asarray(table, dtype=np.float32)

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None: ...

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return self.table[np.ix_(np.maximum(requests.users, 0), items)]

    @override
    def _state(self) -> State:
        return {}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None: ...


def log(rows: list[tuple[int, int, int]]) -> Dataset:
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=60))


# Three users know all of items 10 to 14 between them; they are asked at step 5.
TRAIN = [(1, 10, 0), (1, 11, 0), (2, 12, 1), (2, 13, 2), (2, 10, 2), (3, 14, 3)]


def exam(relevant: list[list[int]], repeat: list[list[bool]], **options: Any) -> Holdout:
    """Ask users 1, 2, 3 for items by position, among all five."""
    train = log(TRAIN)
    n = len(relevant)
    return Holdout(
        protocol=options.get("protocol", "temporal"),
        part="test",
        train=train,
        history=options.get("history", train),
        requests=Requests(np.arange(n), np.full(n, 5)),
        candidates=options.get("candidates", Candidates.shared(np.arange(5), n)),
        relevant_indptr=np.cumsum([0, *map(len, relevant)]),
        relevant=np.array([item for event in relevant for item in event]),
        repeat=np.array([flag for event in repeat for flag in event]),
        policy=RepeatPolicy(),
        window=options.get("window"),
    )


SCORES = np.array([[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [3, 3, 3, 1, 1]])


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


def interactions(seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(0, 2000, 800))
    table = pd.DataFrame(
        {
            "user_id": rng.integers(0, 30, 800),
            "item_id": rng.integers(0, 20, 800),
            "timestamp": start,
            "ends_at": start + 8,
        }
    )
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


@pytest.mark.parametrize(
    "protocol",
    [TemporalProtocol(), MaskedProtocol(), *(LiveProtocol(track=t) for t in ("A", "B", "C"))],
    ids=lambda p: p.name,
)
def test_no_protocol_trains_on_its_answers(protocol: Any) -> None:
    dataset = interactions()
    made = holdouts(protocol, dataset, AvailabilityIndex.from_interactions(dataset))
    for part in (made.validation, made.test):
        check_no_overlap(part)
        events = evaluate(Popularity(PopularityConfig()).fit(part.train), part)
        assert set(events["event"]) == set(range(len(part)))


def test_a_model_that_was_fitted_on_the_test_part_is_refused() -> None:
    dataset = interactions()
    made = holdouts(LiveProtocol(), dataset, AvailabilityIndex.from_interactions(dataset))
    cheat = Popularity(PopularityConfig()).fit(dataset)
    with pytest.raises(SplitError, match=r"live-B test: \d+ training rows up to step \d+ stand in"):
        evaluate(cheat, made.test)


def test_a_model_that_was_shown_the_hidden_pairs_is_refused() -> None:
    dataset = interactions()
    made = holdouts(MaskedProtocol(), dataset, AvailabilityIndex.from_interactions(dataset))
    hidden = len(made.test.relevant)
    with pytest.raises(SplitError, match=f"masked test: training has {hidden} of the hidden"):
        evaluate(Popularity(PopularityConfig()).fit(dataset), made.test)
    shown = Holdout(**{**vars(made.test), "history": dataset})
    with pytest.raises(SplitError, match="the visible history has"):
        check_no_overlap(shown)


def test_a_model_of_another_vocabulary_is_refused() -> None:
    asked = exam([[0]], [[True]])
    other = Popularity(PopularityConfig()).fit(log([(1, 99, 0)]))
    with pytest.raises(ContractError, match="the model knows 1 users and 1 items"):
        evaluate(other, asked)
