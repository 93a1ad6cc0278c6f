"""What is said of a log: figures against arithmetic, and sentences that follow planted facts."""

import math

import numpy as np
import pandas as pd
import pytest

from onstage.exploring.exhibit import Exhibit
from tests.unit.exploring.logs import (
    MONDAY,
    SOURCES,
    STEPS,
    Explore,
    absent,
    log_of,
    said,
    streams,
)


def test_size_time_pairs_and_repeats_are_counted(explore: Explore) -> None:
    parts = explore(log_of([(1, 7, 0), (1, 7, 24), (1, 8, 48), (2, 7, 72)]))
    facts = parts["overview"].facts()
    assert (facts["rows"], facts["users"], facts["items"], facts["pairs"]) == (4, 2, 2, 3)
    assert facts["span_seconds"] == 72 * 3600
    assert "3 days" in said(parts["overview"])
    assert "75.0 %" in said(parts["overview"])  # 3 of 2 * 2 pairs occur
    assert parts["repeats"].facts()["share_of_rows"] == 1 / 4
    assert said(parts["repeats"]).startswith("25.0 % of the rows repeat")


def test_the_busiest_day_and_the_silent_ones_are_named(explore: Explore) -> None:
    parts = explore(log_of([(1, 1, 0), (1, 2, 24), (2, 1, 25), (3, 1, 26), (1, 1, 96)]))
    text = said(parts["activity"])
    assert "the busiest, 2021-06-08, has 3" in text
    assert "2 days have none" in text  # Wednesday and Thursday
    later = explore(log_of([(1, 1, 0), (1, 2, 96), (2, 1, 97), (3, 1, 98)]))
    assert "the busiest, 2021-06-11, has 3" in said(later["activity"])
    assert "200.0 % more rows than the first" in said(later["activity"])  # 3 after, 1 before


def test_the_share_that_came_once_is_the_one_planted(explore: Explore) -> None:
    once = [(user, user, user) for user in range(3)]
    often = [(9, item, 50 + item) for item in range(40)]
    parts = explore(log_of(once + often))
    assert "75.0 % have one row only" in said(parts["rows_per_user"])  # 3 of 4 users
    assert "25.0 % have more than 30" in said(parts["rows_per_user"])
    assert "none has one row only" in said(explore(log_of(often))["rows_per_user"])


def test_a_log_of_one_hit_says_so(explore: Explore) -> None:
    hit = [(user, 1, user) for user in range(95)]
    rest = [(user, 2 + user, 200) for user in range(5)]
    text = said(explore(log_of(hit + rest))["long_tail"])
    assert "half of all rows fall on 1 " in text
    assert "Item 1 alone has 95.0 %" in text
    equal = explore(log_of([(user, user, 0) for user in range(10)]))["long_tail"]
    assert equal.facts()["gini"] == pytest.approx(0)
    items = pd.DataFrame({"item_id": [1], "title": ["Fargo"]})
    assert "Fargo alone has" in said(explore(log_of(hit + rest), items=items)["long_tail"])


def test_durations_have_the_skewness_and_kurtosis_of_pandas(explore: Explore) -> None:
    rng = np.random.default_rng(3)
    seconds = np.exp(rng.normal(7, 1.2, 5000))
    log = log_of([(1, 1, hour) for hour in range(5000)], duration_seconds=seconds)
    shape = explore(log)["watch_duration"].facts()
    raw, logs = pd.Series(seconds), pd.Series(np.log(seconds))
    assert shape["seconds"]["skewness"] == pytest.approx(raw.skew())
    assert shape["seconds"]["kurtosis"] == pytest.approx(raw.kurt())
    assert shape["log_seconds"]["skewness"] == pytest.approx(logs.skew(), abs=1e-9)
    assert shape["log_seconds"]["kurtosis"] == pytest.approx(logs.kurt(), abs=1e-9)
    assert shape["seconds"]["median"] == pytest.approx(raw.median())
    assert "heavily skewed to the right" in shape["sentence"]
    mirrored = log.assign(duration_seconds=seconds.max() + 1 - seconds)
    assert "heavily skewed to the left" in said(explore(mirrored)["watch_duration"])


def test_durations_of_zero_have_no_logarithm_and_are_counted(explore: Explore) -> None:
    log = log_of([(1, 1, h) for h in range(4)], duration_seconds=[0.0, 0.0, 60.0, 120.0])
    part = explore(log)["watch_duration"]
    assert part.facts()["not_positive"] == 2
    assert part.facts()["log_seconds"]["n"] == 2
    assert any("2 durations are 0 or negative" in note for note in part.facts()["notes"])
    zero = explore(log.assign(duration_seconds=0.0))["watch_duration"].facts()
    assert zero["log_seconds"] is None
    assert "Every watch lasts 0 s" in zero["sentence"]
    assert zero["seconds"]["skewness"] is None


def test_a_duration_column_without_any_value_is_left_out_by_name(explore: Explore) -> None:
    log = log_of([(1, 1, 0), (1, 2, 1)], duration_seconds=[np.nan, np.nan])
    part = explore(log)["watch_duration"]
    assert "interactions.duration_seconds" in absent(part)[0]
    assert part.facts()["left_out"] == "no row has a value"


def test_ends_that_are_assumed_are_no_durations(explore: Explore) -> None:
    log = log_of([(1, 1, 0), (1, 2, 1)])
    log["ends_at"] = log["timestamp"] + pd.Timedelta(minutes=30)
    assert explore(log)["watch_duration"].facts()["seconds"]["median"] == 1800
    assumed = explore(log, source={"ends_after": 1800.0})["watch_duration"]
    assert absent(assumed) == ("interactions.duration_seconds or interactions.ends_at",)
    assert "assumed by the configuration" in assumed.facts()["left_out"]


def test_percentages_watched_fall_into_the_buckets_of_their_upper_ends(explore: Explore) -> None:
    # Streams last 7,200 s: 720 s are 10 %, 3,600 s are 50 %, 3,672 s are 51 %.
    seconds = [0.0, 720.0, 721.0, 3600.0, 3672.0, 7200.0, 7201.0]
    log = log_of(
        [(user, 0, 0) for user in range(7)], duration_seconds=seconds, broadcast_id=[0] * 7
    )
    lost = log.assign(user_id=99, broadcast_id=-1).iloc[:1]
    part = explore(pd.concat([log, lost]), windows=streams())["watched_share"]
    facts = part.facts()
    assert facts["buckets"] == [2, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert facts["over_half"] == 3
    assert said(part).startswith("42.9 % of the watches saw more than half")  # 3 of 7
    assert any("1 rows have no stream" in note for note in facts["notes"])


def test_weekdays_count_each_user_once_and_name_the_extremes(explore: Explore) -> None:
    monday = [(user, 1, 0) for user in range(2)] * 5
    friday = [(user, 1, 96) for user in range(5)]
    table = explore(log_of(monday + friday), windows=streams())["weekdays"]
    assert [row["users"] for row in table.facts()["table"]] == [2, 0, 0, 0, 5, 0, 0]
    assert [row["rows"] for row in table.facts()["table"]] == [10, 0, 0, 0, 5, 0, 0]
    assert said(table).startswith("Friday has the most unique users (5)")
    assert "Monday has the most rows (10)" in said(table)


def test_a_log_of_steps_has_days_but_no_weekdays(explore: Explore) -> None:
    log = pd.DataFrame({"user_id": [1, 2, 1], "item_id": [1, 1, 2], "timestamp": [0, 143, 144]})
    parts = explore(log, clock=STEPS)
    assert parts["activity"].facts()["days"] == 2  # 144 steps of 600 s are a day
    assert parts["activity"].facts()["busiest"] == "day 0"
    assert absent(parts["weekdays"]) == ("interactions.timestamp",)


def test_events_tell_shares_strengths_and_copies(explore: Explore) -> None:
    rows = [(1, 1, 0), (1, 1, 1), (1, 1, 2), (2, 1, 3)]
    log = log_of(rows, event=["VIEW", "VIEW", "LIKE", "VIEW"], weight=[1.0, 1.0, 2.0, 1.0])
    columns = {**SOURCES["interactions"]["columns"], "event": "e"}
    source = {"columns": columns, "events": {"VIEW": 1, "LIKE": 2}}
    part = explore(log, source=source)["events"]
    facts = part.facts()
    assert [(r["event"], r["rows"], r["distinct"]) for r in facts["table"]] == [
        ("VIEW", 3, 2),
        ("LIKE", 1, 1),
    ]
    assert (facts["pairs"], facts["total"]) == (2, 4.0)  # 2 views and a like of 2, once each
    assert "VIEW is 75.0 % of the rows and 60.0 % of their strength" in said(part)


def test_weights_are_counted_by_value(explore: Explore) -> None:
    log = log_of([(u, 1, u) for u in range(4)], weight=[3.0, 4.0, 4.0, 5.0])
    part = explore(log)["weights"]
    assert part.facts()["rows_by_weight"] == {"3.0": 1, "4.0": 2, "5.0": 1}
    assert "50.0 % of the rows weigh 4" in said(part)
    assert said(explore(log.assign(weight=1.0))["weights"]) == "Every row has the weight 1."


def test_one_row_is_a_log(explore: Explore) -> None:
    log = log_of([(1, 0, 0)], duration_seconds=[60.0], broadcast_id=[0], weight=[2.0])
    related = pd.DataFrame({"user_id": [1], "item_id": [0], "view_count": [1.0], "coins": [2.0]})
    parts = explore(log, windows=streams(1, diamonds=3.0), relations=related)
    shown = [part for part in parts.values() if isinstance(part, Exhibit)]
    assert all(part.sentence for part in shown)
    assert said(parts["activity"]) == "The only row falls on one day, 2021-06-07."
    assert said(parts["boxes_diamonds"]).startswith("All values fall on a Monday")
    assert "undefined" in said(parts["watch_duration"])
    assert "Nobody repeats" in said(parts["repeats"])


def test_the_number_of_threads_changes_no_digit(
    explore: Explore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    n = 300_000
    log = pd.DataFrame({"user_id": rng.integers(0, 99, n), "item_id": rng.integers(0, 9, n)})
    log["timestamp"] = MONDAY + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s")
    log["duration_seconds"] = rng.exponential(1000, n)
    facts = []
    for threads in ("1", "2"):
        monkeypatch.setenv("ONSTAGE_THREADS", threads)
        facts.append({key: part.facts() for key, part in explore(log).items()})
    assert facts[0] == facts[1]


def test_facts_hold_no_number_that_json_does_not_know(explore: Explore) -> None:
    log = log_of([(1, 1, 0), (1, 1, 1)], duration_seconds=[5.0, 5.0])
    for part in explore(log, windows=streams(3, diamonds=1.0)).values():
        assert all(not isinstance(v, float) or math.isfinite(v) for v in _leaves(part.facts())), (
            part
        )


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]
