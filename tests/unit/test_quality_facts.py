import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.data.facts import ticks_outside, user_paces


spans = st.lists(st.tuples(st.integers(0, 1), st.integers(-6, 6), st.integers(1, 10)), max_size=12)
rows = st.lists(st.tuples(st.integers(0, 4), st.integers(-30, 35)), min_size=1, max_size=25)


def outside(windows: list[tuple[int, int, int]], at: list[tuple[int, int]]) -> list[float]:
    owner, start, length = (list(c) for c in zip(*windows, strict=True)) if windows else ([],) * 3
    starts = np.array(start, dtype=np.int64)
    ends = starts + np.array(length, dtype=np.int64)
    item, time = zip(*at, strict=True)
    return ticks_outside(
        pd.Series(item), np.array(time), (pd.Series(owner, dtype="int64"), starts, ends)
    ).tolist()


@given(spans)
def test_the_distance_to_the_nearest_window_is_that_of_a_scan_of_all(
    windows: list[tuple[int, int, int]],
) -> None:
    at = [(item, t) for item in range(3) for t in range(-9, 19)]
    for (item, t), found in zip(at, outside(windows, at), strict=True):
        every = [
            0 if s <= t < s + n else s - t if t < s else t - (s + n) + 1
            for owner, s, n in windows
            if owner == item
        ]
        assert found == min(every, default=np.inf)


def test_a_short_window_inside_a_long_one_does_not_end_it() -> None:
    assert outside([(0, 0, 8), (0, 1, 1)], [(0, 5), (0, 7), (0, 8)]) == [0, 0, 1]


def test_the_end_of_a_window_is_one_tick_outside_it() -> None:
    assert outside([(0, 10, 5)], [(0, 10), (0, 14), (0, 15), (0, 8)]) == [0, 0, 1, 2]


def test_microseconds_of_many_items_do_not_overflow() -> None:
    century = 10**6 * 86_400 * 365 * 100
    windows = [(item, century, 1) for item in range(4000)]
    assert outside(windows, [(3999, century), (3999, century + 5)]) == [0, 5]


@given(rows)
def test_the_busiest_day_is_that_of_a_count(at: list[tuple[int, int]]) -> None:
    user, time = (np.array(c) for c in zip(*at, strict=True))
    day = [(u, t // 7) for u, t in at]
    peak, _ = user_paces(user, time, 7, 10)
    expected = [max(day.count((u, d)) for v, d in day if v == u) for u, _ in at]
    assert peak.tolist() == expected


def test_a_metronome_has_no_spread_and_a_person_has() -> None:
    every_ten = [(0, t) for t in range(0, 120, 10)]
    bursts = [(1, t) for t in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100)]
    user, time = (np.array(c) for c in zip(*every_ten, *bursts, strict=True))
    _, spread = user_paces(user, time, 1000, 10)
    gaps = np.array([1] * 9 + [91])  # mean 10, standard deviation 27
    assert spread[:12].tolist() == [0.0] * 12
    assert spread[12:] == pytest.approx(gaps.std() / gaps.mean())


def test_few_interactions_and_one_instant_have_no_rhythm() -> None:
    at_once = np.full(20, 5)
    _, spread = user_paces(np.zeros(20, dtype=np.int64), at_once, 1000, 10)
    assert np.isnan(spread).all()
    _, spread = user_paces(np.zeros(9, dtype=np.int64), np.arange(9), 1000, 10)
    assert np.isnan(spread).all()


def test_nobody_has_no_pace() -> None:
    nobody = np.empty(0, dtype=np.int64)
    assert [len(part) for part in user_paces(nobody, nobody, 10, 10)] == [0, 0]
