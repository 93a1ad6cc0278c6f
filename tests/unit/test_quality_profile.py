import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.data.clock import Clock
from onstage.data.profile import Activity, BatchProfile, changes


CLOCK = Clock(kind="step", step_seconds=3600)
DAY = 24


def log(rows_per_day: list[int], users: int = 10, first_day: int = 0) -> pd.DataFrame:
    """So many interactions a day, evenly over its hours, by users in turn."""
    user, time = [], []
    for day, n in enumerate(rows_per_day, start=first_day):
        user += [i % users for i in range(n)]
        time += [day * DAY + (i * DAY) // n for i in range(n)]
    return pd.DataFrame({"user_id": user, "item_id": 1, "timestamp": np.array(time, dtype=int)})


def change(new: pd.DataFrame, old: pd.DataFrame, noise: int = 0) -> dict[str, float]:
    found = changes(
        [Activity.of(new, CLOCK)], BatchProfile.of(new, CLOCK), BatchProfile.of(old, CLOCK), noise
    )
    assert found is not None
    return found.model_dump()


SAME = {
    "total_rows": 1.0,
    "daily_rows_low": 1.0,
    "daily_rows_high": 1.0,
    "daily_users_low": 1.0,
    "daily_users_high": 1.0,
    "rows_per_user_low": 1.0,
    "rows_per_user_high": 1.0,
    "days_older": 0.0,
    "lost_columns": 0,
}


def test_a_profile_counts_days_back_from_the_newest_interaction() -> None:
    profile = BatchProfile.of(log([240, 24, 48], users=12), CLOCK)
    assert (profile.rows, profile.users, profile.items) == (312, 12, 1)
    assert (profile.first, profile.last) == (0, 71)
    assert profile.days == pytest.approx(71 / 24)
    assert [day.rows for day in profile.newest] == [48, 24, 240]
    # 12 users a day, on each of 3 days: 312 / 36
    assert profile.rows_per_user_day == pytest.approx(312 / 36)


def test_a_profile_survives_json() -> None:
    profile = BatchProfile.of(log([50, 60]), CLOCK)
    assert BatchProfile.model_validate_json(profile.model_dump_json()) == profile


def test_an_empty_batch_has_a_profile_and_nothing_to_compare() -> None:
    empty = log([5]).iloc[:0]
    profile = BatchProfile.of(empty, CLOCK)
    assert (profile.rows, profile.newest) == (0, ())
    assert (
        changes([Activity.of(empty, CLOCK)], profile, BatchProfile.of(log([5]), CLOCK), 0) is None
    )


def test_logs_that_count_time_differently_are_not_compared() -> None:
    new = log([50])
    other = BatchProfile.of(new, Clock(kind="step", step_seconds=60))
    assert changes([Activity.of(new, CLOCK)], BatchProfile.of(new, CLOCK), other, 0) is None


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(1, 20))
def test_the_same_batch_again_has_not_changed(days: list[int], users: int) -> None:
    assert change(log(days, users), log(days, users), 7) == SAME


@given(st.integers(24, 90), st.integers(1, 10), st.integers(1, 12))
def test_one_more_day_like_the_others_is_no_change_however_long_the_log(
    rows: int, users: int, days: int
) -> None:
    found = change(log([rows] * (days + 1), users), log([rows] * days, users))
    assert found == {**SAME, "total_rows": pytest.approx((days + 1) / days)}


def test_a_quiet_sunday_is_no_change_where_sundays_are_quiet() -> None:
    week = [200, 200, 200, 200, 200, 240, 40]
    assert change(log([*week, 240]), log(week)) == {**SAME, "total_rows": 1520 / 1280}
    assert change(log([*week, 40]), log(week)) == {**SAME, "total_rows": 1320 / 1280}


def test_a_day_that_lost_its_rows_is_held_against_the_quietest_day() -> None:
    found = change(log([200, 100, 200, 24]), log([200, 100, 200]))
    assert found["daily_rows_low"] == pytest.approx(24 / 100)
    assert found["daily_rows_high"] == 1.0


def test_a_day_with_far_more_rows_is_held_against_the_busiest_day() -> None:
    found = change(log([200, 100, 200, 2000]), log([200, 100, 200]))
    assert found["daily_rows_high"] == pytest.approx(2000 / 200)
    assert found["rows_per_user_high"] == pytest.approx((2000 / 10) / (200 / 10))


def test_users_can_vanish_while_the_rows_stay() -> None:
    new = pd.concat([log([200, 200]), log([200], users=1, first_day=2)], ignore_index=True)
    found = change(new, log([200, 200]))
    assert found["daily_users_low"] == pytest.approx(1 / 10)
    assert found["daily_rows_low"] == 1.0
    assert found["rows_per_user_high"] == pytest.approx(200 / 20)


def test_a_log_of_the_new_days_only_is_compared_day_by_day() -> None:
    found = change(log([100], first_day=2), log([100, 100]))
    assert found == {**SAME, "total_rows": pytest.approx(100 / 200)}


def test_noise_keeps_small_logs_quiet() -> None:
    new, old = log([24, 24, 12]), log([24, 24])
    assert change(new, old)["daily_rows_low"] == pytest.approx(12 / 24)
    assert change(new, old, 50)["daily_rows_low"] == pytest.approx((12 + 50) / (24 + 50))


def test_a_log_that_ends_earlier_than_before_has_lost_its_newest_days() -> None:
    assert change(log([48, 48]), log([48, 48, 48, 48]))["days_older"] == pytest.approx(2.0)


def test_a_column_that_was_there_is_missed_in_every_table() -> None:
    new = log([50])
    old = BatchProfile.of(new.assign(weight=1.0), CLOCK)
    old = old.model_copy(update={"columns": {**old.columns, "windows": ("ends", "starts")}})
    found = changes([Activity.of(new, CLOCK)], BatchProfile.of(new, CLOCK), old, 0)
    assert found is not None
    assert found.lost_columns == 3  # weight, and the two of the table that is gone
