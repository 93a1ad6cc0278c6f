"""Live features: worked out by hand, and blind to whatever happens at the request or later."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns
from onstage.features.live.past import Past
from onstage.features.live.table import LivePast
from onstage.features.live.timeline import Timeline
from onstage.testing.examples import STEPS, crowd, log


SEEDS = st.integers(min_value=0, max_value=10_000)


def everything(data: Dataset, requests: Requests) -> Asked:
    n, m = len(requests), data.n_items
    line, item = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    return Asked(requests, line, item, m)


def features(data: Dataset, user: str, at: int) -> dict[str, dict[str, float]]:
    """Features of every item for one user: feature -> item -> value."""
    requests = Requests(data.user_positions([user]), np.array([at]))
    columns = LivePast(Past.of(data)).features(everything(data, requests))
    return {
        name: dict(zip(data.items, map(float, values), strict=True))
        for name, values in columns.items()
    }


def lasting(rows: list[tuple[str, str, int]], hours: int) -> Dataset:
    data = log(rows)  # type: ignore[arg-type]
    return replace(data, ends=data.time + hours)


ROWS = [
    ("x", "a", 0), ("y", "a", 1), ("x", "b", 10), ("x", "a", 24), ("z", "b", 47), ("y", "b", 60),
]  # fmt: skip


def test_what_the_user_did_is_counted_before_the_request_only() -> None:
    found = features(lasting(ROWS, 2), "x", 48)
    assert found["own_count"] == {"a": 2, "b": 1}
    assert found["own_gap_hours"] == {"a": 24, "b": 38}
    assert found["own_since_first_hours"] == {"a": 48, "b": 38}
    assert found["own_rows_since"] == {"a": 0, "b": 1}
    assert found["own_share"]["a"] == pytest.approx(2 / 3)
    assert found["own_usual_gap_hours"]["a"] == 24
    assert np.isnan(found["own_usual_gap_hours"]["b"])


def test_a_visit_counts_half_after_a_half_life() -> None:
    found = features(lasting(ROWS, 2), "x", 48)
    # visits of a at hours 0 and 24, asked at 48, half-life 24 hours: 1/4 + 1/2
    assert found["own_fading_24h"]["a"] == pytest.approx(0.75)
    # everybody else's visits of a: y at hour 1; of b: z at hour 47
    assert found["all_fading_24h"]["a"] == pytest.approx(2 ** (-47 / 24))
    assert found["all_fading_24h"]["b"] == pytest.approx(2 ** (-1 / 24))


def test_the_same_hour_of_another_day_is_near() -> None:
    data = lasting([("x", "a", 20), ("x", "b", 8), ("x", "a", 44)], 1)
    found = features(data, "x", 68)  # 20:00 on the third day
    assert found["own_same_hour"]["a"] == pytest.approx(1.0)
    assert found["own_same_hour"]["b"] == pytest.approx(-1.0)


def test_the_audience_is_who_watched_just_before_without_the_user_who_asks() -> None:
    data = lasting([("x", "a", 0), ("y", "a", 1), ("z", "a", 3)], 3)
    # just before hour 3 x (0 to 3) and y (1 to 4) watch; z comes at hour 3, which nobody knows yet
    assert features(data, "z", 3)["all_audience"]["a"] == 2
    assert features(data, "x", 3)["all_audience"]["a"] == 1
    assert features(data, "z", 4)["all_audience"]["a"] == 1  # y, until 4; z itself does not count


def test_a_broadcast_ends_when_nobody_watches_for_longer_than_an_hour() -> None:
    rows = [("x", "a", 0), ("y", "a", 3), ("z", "a", 6), ("y", "a", 7)]
    data = lasting(
        rows, 2
    )  # watched from 0 to 2, from 3 to 5, and from 6 to 9: never idle > 1 hour
    assert features(data, "x", 8)["all_broadcasts"]["a"] == 1
    assert features(data, "x", 8)["all_on_air_hours"]["a"] == 8
    assert features(data, "x", 8)["own_this_broadcast"]["a"] == 1
    split = lasting([*rows[:2], ("z", "a", 7), ("y", "a", 8)], 2)  # idle from 5 to 7
    found = features(split, "x", 9)
    assert found["all_broadcasts"]["a"] == 2
    assert found["all_on_air_hours"]["a"] == 2
    assert found["own_skipped"]["a"] == 1
    assert found["own_attendance"]["a"] == pytest.approx(1 / 2)
    assert found["own_this_broadcast"]["a"] == 0


def test_a_choice_counts_against_the_moments_at_which_it_could_be_made() -> None:
    # x watches a at 0; a is live by y at 5 when x takes b, and not at 20, when x takes b again
    rows = [("x", "a", 0), ("y", "a", 4), ("x", "b", 5), ("x", "b", 20), ("x", "a", 30)]
    found = features(lasting(rows, 2), "x", 40)
    assert found["own_occasions"]["a"] == 3  # at 0, 5 and 30
    fade = {hour: 2 ** (-(40 - hour) / 168) for hour in (0, 5, 30)}
    share = (fade[0] + fade[30]) / sum(fade.values())
    assert found["own_chosen"]["a"] == pytest.approx(share)
    assert found["own_occasions"]["b"] == 2  # 5 and 20: at 30 nobody watched b
    assert found["own_chosen"]["b"] == pytest.approx(1.0)


def test_first_visits_are_told_from_repeats() -> None:
    data = lasting([("x", "a", 0), ("x", "a", 5), ("y", "a", 6), ("z", "b", 7)], 1)
    found = features(data, "z", 10)
    assert found["all_viewers"]["a"] == 2
    assert found["all_count"]["a"] == 3
    assert found["new_fading_1h"]["a"] == pytest.approx(2**-10 + 2**-4)
    user = features(data, "x", 10)
    assert user["user_rows"]["a"] == 2
    assert user["user_items"]["a"] == 1
    assert user["user_new_share"]["a"] == pytest.approx(1 / 2)


def test_nobody_knows_anything_of_a_stranger_or_before_the_first_row() -> None:
    data = lasting(ROWS, 2)
    requests = Requests(np.array([-1, 0]), np.array([48, 0]))
    columns = LivePast(Past.of(data)).features(everything(data, requests))
    assert (columns["own_count"] == 0).all()
    assert np.isnan(columns["user_rows"]).all()
    assert (columns["all_count"][2:] == 0).all()
    assert np.isnan(columns["all_since_row_hours"][2:]).all()


def same(one: Columns, other: Columns) -> None:
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def tampered(data: Dataset, rows: NDArray[np.bool_], rng: np.random.Generator) -> Dataset:
    """Give `rows` other users, items and (not earlier) times and ends, and drop some of them."""
    user, item = data.user.copy(), data.item.copy()
    time, ends = data.time.copy(), np.array(data.ends)
    n = int(rows.sum())
    user[rows], item[rows] = rng.integers(data.n_users, size=n), rng.integers(data.n_items, size=n)
    time[rows] += rng.integers(5, size=n)
    ends[rows] = time[rows] + rng.integers(1, 9, size=n)
    kept = ~rows | (rng.random(len(rows)) < 0.7)
    order = np.argsort(time[kept], kind="stable")
    columns = {"user": user, "item": item, "time": time, "weight": data.weight, "ends": ends}
    return replace(data, **{name: values[kept][order] for name, values in columns.items()})


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, at=st.integers(min_value=1, max_value=39))
def test_no_feature_changes_with_what_happens_at_the_request_or_later(seed: int, at: int) -> None:
    data = crowd(seed % 50)
    requests = Requests(np.arange(data.n_users), np.full(data.n_users, at))
    asked = everything(data, requests)
    before = LivePast(Past.of(data)).features(asked)
    other = tampered(data, data.time >= at, np.random.default_rng(seed))
    same(before, LivePast(Past.of(other)).features(asked))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, at=st.integers(min_value=1, max_value=39))
def test_no_feature_tells_how_long_a_running_visit_will_last(seed: int, at: int) -> None:
    data = crowd(seed % 50)
    requests = Requests(np.arange(data.n_users), np.full(data.n_users, at))
    ends = np.array(data.ends)
    running = (data.time < at) & (ends >= at)
    ends[running] += np.random.default_rng(seed).integers(at - ends[running], 20)
    asked = everything(data, requests)
    before = LivePast(Past.of(data)).features(asked)
    same(before, LivePast(Past.of(replace(data, ends=ends))).features(asked))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, row=st.integers(min_value=0, max_value=149))
def test_the_target_s_own_row_does_not_exist_for_its_features(seed: int, row: int) -> None:
    data = crowd(seed % 50)
    requests = Requests(data.user[[row]], data.time[[row]])
    asked = everything(data, requests)
    without = data.where(np.arange(len(data)) != row)
    same(LivePast(Past.of(data)).features(asked), LivePast(Past.of(without)).features(asked))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_batch_is_its_requests_one_by_one(seed: int) -> None:
    data = crowd(seed % 50)
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(data), 5)
    live = LivePast(Past.of(data))
    whole = live.features(everything(data, Requests(data.user[rows], data.time[rows])))
    for number, row in enumerate(rows):
        one = live.features(everything(data, Requests(data.user[[row]], data.time[[row]])))
        some = slice(number * data.n_items, (number + 1) * data.n_items)
        same(one, {name: values[some] for name, values in whole.items()})


def test_a_log_of_points_in_time_has_features_too() -> None:
    data = replace(crowd(3), ends=None)
    found = LivePast(Past.of(data)).features(
        everything(data, Requests(np.arange(data.n_users), np.full(data.n_users, 30)))
    )
    assert found["all_count"].sum() > 0
    assert (found["all_audience"] >= 0).all()


def test_training_rows_and_history_are_united_and_none_counts_twice() -> None:
    data = lasting([*ROWS, ("x", "a", 24)], 2)  # two equal rows
    train = data.where(data.time < 30)
    assert len(Past.of(train)) == 5
    assert len(Past.of(train, History(data))) == len(data)
    window = data.where((data.time >= 24) & (data.user == 0))  # 16 newest rows, say
    assert len(Past.of(train, History(window))) == len(train)
    later = data.where(data.time >= 30)
    assert len(Past.of(train, History(later))) == len(data)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_timeline_adds_up_as_a_loop_would(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group, time = rng.integers(4, size=30), rng.integers(20, size=30)
    line = Timeline.of(group, time)
    half = np.array([2.0, 7.0])
    values = rng.random((30, 2))
    found = line.running(values, half)
    for row in range(30):
        mine = (line.group == line.group[row]) & (np.arange(30) <= row)
        fade = np.exp2(-(line.time[row] - line.time[mine])[:, None] / half)
        np.testing.assert_allclose(found[row], (values[mine] * fade).sum(axis=0))
    asked = rng.integers(5, size=40), rng.integers(22, size=40)
    counts = line.counts(*asked)
    for g, t, n in zip(*asked, counts, strict=True):
        assert n == ((group == g) & (time < t)).sum()


def test_the_clock_of_the_examples_counts_hours() -> None:
    assert STEPS.span(seconds=3600) == 1
