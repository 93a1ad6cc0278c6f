"""The ranker: what it learns from, what it may know, and how its two stages fit together."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.features.live.asked import Asked
from onstage.features.live.past import Past
from onstage.models.config import FitOptions
from onstage.models.ranker.audience import audience_features
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.events import drawn, events_of, fewer, parts
from onstage.models.ranker.ranker import Ranker
from onstage.models.ranker.signals import Signals
from onstage.serving.bundle import load_bundle, save_bundle
from onstage.testing.examples import crowd, log


SMALL = RankerConfig(factors=4, min_events=20, min_rows=2, trees=5, leaves=4)


def test_it_learns_only_from_targets_that_somebody_else_made_live() -> None:
    # at hour 10 x starts a, which y watches since 9, and at 12 x starts b, which nobody watches
    data = replace(
        log([("y", "a", 9), ("x", "a", 10), ("x", "b", 12)]), ends=np.array([13, 13, 15])
    )
    index = AvailabilityIndex.from_interactions(data)
    rng = np.random.default_rng(0)
    [(asked, chosen)] = events_of(data, index, np.arange(3), 9, rng)
    assert asked.requests.times.tolist() == [10]
    assert data.items[asked.item[chosen]].tolist() == ["a"]
    assert len(asked) == 1  # b is not live at 10, and nobody else is


def test_in_a_log_without_ends_everything_competes() -> None:
    data = replace(crowd(1), ends=None)
    index = AvailabilityIndex.from_interactions(data)
    [(asked, chosen)] = events_of(data, index, np.arange(5), 9, np.random.default_rng(0))
    assert len(asked) == 5 * data.n_items
    assert data.item[:5].tolist() == asked.item[chosen].tolist()


def test_the_target_always_stays_among_the_negatives_drawn() -> None:
    data = replace(crowd(1), ends=None)
    index = AvailabilityIndex.from_interactions(data)
    rng = np.random.default_rng(0)
    [(asked, chosen)] = events_of(data, index, np.arange(5), 9, rng)
    some = fewer(asked, chosen, 3, rng)
    assert np.bincount(asked.line[some]).tolist() == [4] * 5
    assert chosen[some].sum() == 5


def test_parts_of_the_events_never_share_an_instant() -> None:
    times = np.array([0, 0, 1, 1, 1, 1, 2, 3, 3])
    found = [times[rows].tolist() for rows in parts(np.arange(9), times, 3)]
    assert found == [[0, 0], [1, 1, 1, 1], [2, 3, 3]]


def test_events_are_drawn_from_the_newest_days_and_never_from_the_first_instant() -> None:
    data = crowd(2)  # 40 hours
    rng = np.random.default_rng(0)
    rows = drawn(RankerConfig(days=0.5), data, rng)
    assert data.time[rows].min() == data.time[-1] - 11
    assert data.time[drawn(RankerConfig(), data, rng)].min() > data.time[0]
    few = drawn(RankerConfig(events=5), data, rng)
    assert len(few) == 20
    assert (np.diff(few) > 0).all()


def test_what_scores_an_event_was_fitted_on_rows_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = crowd(4), []
    fit = Signals.fit

    def spied(config: RankerConfig, dataset: Dataset, options: FitOptions) -> Signals:
        seen.append(dataset)
        return fit(config, dataset, options)

    monkeypatch.setattr(Signals, "fit", spied)
    Ranker(SMALL).fit(data)
    *earlier, last = seen
    rows = list(parts(drawn(SMALL, data, np.random.default_rng(0)), data.time, SMALL.refits))
    assert all(one.time.max() < data.time[part[0]] for one, part in zip(earlier, rows, strict=True))
    assert last is data


def test_the_tail_stands_below_the_head_in_the_order_of_the_first_stage() -> None:
    data = crowd(5)
    requests = Requests(np.arange(4), np.full(4, 30))
    pool = Candidates.shared(np.arange(data.n_items), 4)

    def ranking(config: RankerConfig) -> list[list[int]]:
        model = Ranker(config).fit(data)
        blocks = sorted(model.scored(requests, pool), key=lambda block: int(block[0][0]))
        return [np.argsort(-scores[0], kind="stable").tolist() for _, _, scores in blocks]

    plain = ranking(SMALL.model_copy(update={"min_events": 10_000}))  # the first stage alone
    two = ranking(SMALL.model_copy(update={"head": 6}))
    for first, both in zip(plain, two, strict=True):
        assert sorted(both[:6]) == sorted(first[:6])
        assert both[6:] == first[6:]
        assert sorted(both) == list(range(data.n_items))


def test_trees_need_enough_events(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        few = Ranker(SMALL.model_copy(update={"min_events": 10_000})).fit(crowd(6))
    assert few.importance == {}
    assert "no trees" in caplog.text
    importance = Ranker(SMALL).fit(crowd(6)).importance
    assert sum(importance.values()) == pytest.approx(1.0)
    assert list(importance.values()) == sorted(importance.values(), reverse=True)


def test_a_restricted_history_adds_to_what_was_trained_on() -> None:
    data = crowd(7)
    train = data.where(data.time < 30)
    user = int(train.user[0])
    mine = data.where((data.user == user) & (data.time >= 25))
    requests = Requests(np.array([user]), np.array([40]))
    pool = Candidates.shared(np.arange(data.n_items), 1)
    model = Ranker(SMALL).fit(train)
    [(_, _, restricted)] = model.observe(mine).scored(requests, pool)
    rows = (data.time < 30) | ((data.user == user) & (data.time >= 25))
    [(_, _, united)] = model.observe(data.where(rows)).scored(requests, pool)
    np.testing.assert_array_equal(restricted, united)


def test_a_user_with_one_row_and_an_item_live_before_its_first_row_are_ranked() -> None:
    rows = [("x", "a", 0), ("y", "a", 1), ("y", "b", 2)]
    data = log(rows, items=["a", "b", "never watched"])  # type: ignore[arg-type]
    top = Ranker(RankerConfig(factors=2)).fit(data).recommend(["x"], k=3, at=3)
    assert top[Columns.ITEM].tolist()[0] == "a"
    assert set(top[Columns.ITEM]) == {"a", "b", "never watched"}
    assert not top[Columns.FALLBACK].any()
    assert (
        Ranker(RankerConfig(factors=2))
        .fit(data)
        .recommend(["x"], k=3, at=0)[Columns.FALLBACK]
        .all()
    )


def test_nobody_live_is_no_answer() -> None:
    data = crowd(8)
    model = Ranker(SMALL).fit(data)
    index = AvailabilityIndex.from_interactions(data)
    assert model.recommend([0], k=3, at=10_000, availability=index).empty


def test_a_catalogue_too_large_for_ease_does_without() -> None:
    data = crowd(9)
    model = Ranker(SMALL.model_copy(update={"ease_items": 3})).fit(data)
    assert "ease" not in model.importance
    assert "cosine" in model.importance
    assert "ease" in Ranker(SMALL).fit(data).importance


def test_a_bundle_with_it_answers_with_the_live_only(tmp_path: Path) -> None:
    data = crowd(10)
    index = AvailabilityIndex.from_interactions(data)
    model = Ranker(SMALL).fit(data, FitOptions(availability=index))
    save_bundle(model, tmp_path / "bundle", availability=index)
    bundle = load_bundle(tmp_path / "bundle")
    live = set(data.items[index.live_at(20)])
    top = bundle.recommend([0, 3], at=20, k=99)
    assert set(top[Columns.ITEM]) == live
    assert 0 < len(live) < data.n_items
    expected = model.recommend([0, 3], k=99, at=20, availability=index)
    assert top[Columns.ITEM].tolist() == expected[Columns.ITEM].tolist()
    assert bundle.model.importance == model.importance  # type: ignore[attr-defined]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), at=st.integers(min_value=12, max_value=39))
def test_no_signal_changes_with_what_happens_at_the_request_or_later(seed: int, at: int) -> None:
    data = crowd(seed % 20)
    signals = Signals.fit(SMALL, data.where(data.time < 10), FitOptions())
    n, m = data.n_users, data.n_items
    requests = Requests(np.arange(n), np.full(n, at))
    asked = Asked(requests, np.repeat(np.arange(n), m), np.tile(np.arange(m), n), m)
    whole = signals.features(asked, Past.of(data))
    known = signals.features(asked, Past.of(data.where(data.time < at)))
    for name, values in whole.items():
        np.testing.assert_array_equal(values, known[name], err_msg=name)


def test_the_audience_is_compared_without_the_user_who_asks() -> None:
    # all came to a within the day: x twice, y, whose vector is that of x, and z, whose is not
    rows = [("x", "a", 0), ("y", "a", 4), ("z", "a", 10), ("x", "a", 9)]
    past = Past.of(log(rows))  # type: ignore[arg-type]
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    asked = Asked(Requests(np.array([0]), np.array([10])), np.array([0]), np.array([0]), 1)
    found = audience_features(asked, past, vectors)
    assert found["audience_like"] == pytest.approx([1.0])  # y alone: z comes at 10, unknown yet
    assert found["audience_like_sum"] == pytest.approx([2 ** (-6 / 6)])
    later = Asked(Requests(np.array([0]), np.array([16])), np.array([0]), np.array([0]), 1)
    mean = audience_features(later, past, vectors)["audience_like"][0]
    y, z = 2 ** (-12 / 6), 2 ** (-6 / 6)
    assert mean == pytest.approx(y / (y + z))
    alone = audience_features(asked, Past.of(log([("x", "a", 9)])), vectors[:1])  # type: ignore[arg-type]
    assert np.isnan(alone["audience_like"]).all()
    assert alone["audience_like_sum"] == [0]
