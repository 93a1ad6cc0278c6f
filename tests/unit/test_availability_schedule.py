"""Next and usual broadcast times."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.availability.schedule import WEEK, Schedule
from onstage.data.clock import Clock


HOURS = Clock(kind="step", step_seconds=3600)
HALVES = Clock(kind="step", step_seconds=1800)
Span = tuple[int, int, int]

windows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-40, 900), st.integers(1, 60)), max_size=15
)


def index_of(spans: list[Span]) -> AvailabilityIndex:
    item, start, length = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    return AvailabilityIndex.merged(3, item, start, start + length)


def one(value: int) -> np.ndarray:
    return np.array([value])


@given(windows, st.integers(0, 2), st.integers(-50, 1000))
def test_next_and_last_broadcasts_are_those_a_scan_finds(
    spans: list[Span], item: int, at: int
) -> None:
    index = index_of(spans)
    schedule = Schedule(index, HOURS)
    starts = index.starts[index.item == item]
    for found, expected in (
        (schedule.next_broadcast(one(item), one(at)), min(starts[starts > at], default=None)),
        (schedule.last_broadcast(one(item), one(at)), max(starts[starts < at], default=None)),
    ):
        assert (int(found[0][0]) if found[1][0] else None) == expected


@given(windows, st.integers(0, 2), st.integers(-50, 1000))
def test_usual_times_are_those_a_scan_of_the_past_counts(
    spans: list[Span], item: int, at: int
) -> None:
    index = index_of(spans)
    mine = [(s, e) for i, s, e in zip(*index.windows, strict=True) if i == item and s < at]
    usual = Schedule(index, HALVES).usual(one(item), one(at))[0]
    if not mine:
        assert np.isnan(usual).all()
        return
    live = {tick // 2 for s, e in mine for tick in range(s, min(e, at))}  # two steps an hour
    weeks = max(1.0, (at - mine[0][0]) / (2 * WEEK))
    expected = [sum(h % WEEK == hour for h in live) / weeks for hour in range(WEEK)]
    np.testing.assert_allclose(usual, np.minimum(expected, 1), rtol=1e-6)
    now = Schedule(index, HALVES).usual_now(one(item), one(at))[0]
    assert now == usual[at // 2 % WEEK]


@given(windows, windows, st.integers(0, 900))
def test_what_is_usual_does_not_see_what_starts_later(
    past: list[Span], future: list[Span], at: int
) -> None:
    known = [span for span in past if span[1] < at]
    unknown = [(i, max(s, at), n) for i, s, n in future]
    items, times = np.arange(3), np.full(3, at)
    before, after = (Schedule(index_of(s), HOURS) for s in (known, known + unknown))
    np.testing.assert_array_equal(before.usual(items, times), after.usual(items, times))
    np.testing.assert_array_equal(before.usual_next(items, times), after.usual_next(items, times))
    np.testing.assert_array_equal(
        before.last_broadcast(items, times)[1], after.last_broadcast(items, times)[1]
    )


def test_a_streamer_of_saturday_evenings_is_expected_on_saturday_evening() -> None:
    clock = Clock()
    starts = pd.Series(pd.date_range("2024-05-04T20:00Z", periods=4, freq="7D"))  # Saturdays
    begin, end = clock.ticks(starts), clock.ticks(starts + pd.Timedelta(hours=2))
    index = AvailabilityIndex.merged(1, np.zeros(4, dtype=np.int64), begin, end)
    schedule = Schedule(index, clock)
    thursday = one(clock.parse("2024-05-30T17:30:00Z"))
    saturday = 5 * 24 + 20
    usual = schedule.usual(one(0), thursday)[0]
    # four times in the 3.7 weeks since 4 May, capped at 1; and two hours each time
    assert np.flatnonzero(usual).tolist() == [saturday, saturday + 1]
    assert usual[saturday] == 1
    assert schedule.usual_next(one(0), thursday).tolist() == [2 * 24 + 3]  # hours from 17 to 20
    later = schedule.usual_now(one(0), one(clock.parse("2024-06-01T20:15:00Z")))
    np.testing.assert_allclose(later, 4 / (4 + 0.25 / WEEK))  # a fifth time is not known yet
    assert not schedule.next_broadcast(one(0), thursday)[1][0]


def test_open_ended_windows_cost_a_week_after_the_last_start() -> None:
    index = AvailabilityIndex.merged(1, one(0), one(0), one(2**62))
    usual = Schedule(index, Clock()).usual(one(0), one(30 * 24 * 3600 * 10**6))[0]
    np.testing.assert_allclose(usual, 7 / 30, rtol=1e-6)  # each hour in one of 30 / 7 weeks


def test_without_windows_nothing_is_usual() -> None:
    schedule = Schedule(AvailabilityIndex.everything(2), HOURS)
    assert np.isnan(schedule.usual(np.arange(2), np.array([5, 5]))).all()
    assert np.isnan(schedule.usual_next(np.arange(2), np.array([5, 5]))).all()
    assert not schedule.next_broadcast(np.arange(2), np.array([5, 5]))[1].any()
