import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.data.clock import Clock
from onstage.data.quality import Limits, ValidationConfig
from onstage.data.rules import FACTS, RULES, facts, faults, key_of


CLOCK = Clock()
NOON = pd.Timestamp("2024-06-01T12:00:00Z")
MINUTE = pd.Timedelta(minutes=1)
NOW = CLOCK.parse("2024-06-02T00:00:00Z")


def log(n: int = 6) -> pd.DataFrame:
    """One user a minute, each on an item of its own."""
    start = pd.Series([NOON + i * MINUTE for i in range(n)]).dt.as_unit("us")
    return pd.DataFrame(
        {
            "user_id": range(n),
            "item_id": [f"s{i}" for i in range(n)],
            "timestamp": start,
            "ends_at": start + 5 * MINUTE,
            "duration_seconds": 300.0,
            "event": pd.Series(["VIEW"] * n, dtype="str"),
            "weight": 1.0,
        }
    )


def found(
    table: pd.DataFrame,
    windows: pd.DataFrame | None = None,
    name: str = "interactions",
    **config: object,
) -> dict[str, list[int]]:
    """Reason to row numbers."""
    limits = Limits.of(ValidationConfig(**config), CLOCK, NOW)
    if name == "interactions":
        table = table.assign(**facts(table, windows, limits))
    return {r: np.flatnonzero(m).tolist() for r, m in faults(name, table, limits).items()}


def test_a_clean_log_has_no_fault() -> None:
    assert found(log(), events=("VIEW",)) == {}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("user_id", None, "null_user"),
        ("item_id", None, "null_item"),
        ("timestamp", pd.NaT, "null_time"),
        ("ends_at", pd.NaT, "null_end"),
        ("ends_at", NOON, "ends_before_start"),
        ("ends_at", NOON + 2 * MINUTE, "ends_before_start"),
        ("duration_seconds", 0.0, "bad_duration"),
        ("duration_seconds", -3.0, "bad_duration"),
        ("duration_seconds", np.inf, "bad_duration"),
        ("duration_seconds", 31 * 86_400.0, "bad_duration"),
        ("weight", np.nan, "null_weight"),
        ("weight", 0.0, "bad_weight"),
        ("weight", np.inf, "bad_weight"),
        ("weight", 1e39, "bad_weight"),
        ("event", "SHOUT", "unknown_event"),
    ],
)
def test_a_bad_value_is_found_in_its_row_with_its_reason(
    column: str, value: object, reason: str
) -> None:
    table = log().astype({"user_id": "Int64"})
    table.loc[2, column] = value
    assert found(table, events=("VIEW",)) == {reason: [2]}


@pytest.mark.parametrize(
    ("at", "reason"),
    [("1970-01-01T00:00:00Z", "absurd_time"), ("2024-06-02T01:00:01Z", "future_time")],
)
def test_a_time_outside_what_can_be_believed(at: str, reason: str) -> None:
    table = log().drop(columns="ends_at")
    table.loc[4, "timestamp"] = pd.Timestamp(at)
    assert found(table) == {reason: [4]}


def test_an_hour_into_the_future_is_still_a_clock_that_is_off() -> None:
    table = log().drop(columns="ends_at")
    table.loc[4, "timestamp"] = pd.Timestamp("2024-06-02T01:00:00Z")
    assert found(table) == {}


def test_of_copies_the_first_is_kept() -> None:
    table = pd.concat([log(3), log(2)], ignore_index=True)
    assert found(table) == {"duplicate": [3, 4]}


def test_a_like_at_the_instant_of_a_view_is_no_copy_of_it() -> None:
    table = pd.concat([log(1), log(1).assign(event="LIKE")], ignore_index=True)
    assert found(table) == {}
    assert found(table.drop(columns="event")) == {"duplicate": [1]}


def test_a_sound_row_stays_although_an_unsound_copy_of_it_came_first() -> None:
    table = pd.concat([log(1).assign(weight=-1.0), log(1)], ignore_index=True)
    assert found(table) == {"bad_weight": [0]}


def test_outside_every_window_of_its_item() -> None:
    table = log(3)
    windows = pd.DataFrame(
        {
            "item_id": ["s0", "s1", "s1"],
            "starts": [NOON, NOON - 60 * MINUTE, NOON + 3 * MINUTE],
            "ends": [NOON + MINUTE, NOON - 10 * MINUTE, NOON + 9 * MINUTE],
        }
    )
    # s0 at its start: inside. s1 at 12:01: 2 minutes too early. s2: never on stage.
    assert found(table, windows) == {"outside_window": [1, 2]}
    assert found(table, windows, window_tolerance_seconds=120) == {"outside_window": [2]}
    assert found(table, windows, window_tolerance_seconds=None) == {}


def test_a_window_that_ends_before_it_starts_opens_nothing() -> None:
    windows = pd.DataFrame({"item_id": ["s0"], "starts": [NOON + MINUTE], "ends": [NOON - MINUTE]})
    assert found(log(1), windows) == {"outside_window": [0]}
    assert found(windows, name="windows") == {"ends_before_start": [0]}


def test_all_rows_of_a_robot_are_set_aside() -> None:
    n = 60
    every_minute = log(n).assign(user_id=7, ends_at=lambda t: t["timestamp"] + MINUTE)
    table = pd.concat([log(2), every_minute], ignore_index=True)
    assert found(table) == {"robot_rhythm": list(range(2, n + 2))}
    assert found(table, min_gap_spread=0, max_daily_interactions=59) == {
        "robot_pace": list(range(2, n + 2))
    }


def test_one_item_has_one_entry_in_the_catalogue() -> None:
    items = pd.DataFrame({"item_id": pd.array([1, 1, None], dtype="Int64")})
    assert found(items, name="items") == {"null_item": [2], "duplicate": [1]}


def test_a_relation_counts_nothing_negative() -> None:
    relations = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [1, 1, 1], "coins": [3, 3, -1]})
    assert found(relations, name="relations") == {"negative_count": [2], "duplicate": [1]}


def test_rules_about_absent_columns_are_silent() -> None:
    bare = log()[["user_id", "item_id", "timestamp"]]
    assert found(bare) == {}
    assert found(bare[["user_id"]]) == {}
    assert key_of("interactions", bare[["user_id"]]) == []


def test_the_step_clock_has_the_same_rules() -> None:
    clock = Clock(kind="step", step_seconds=600)
    limits = Limits.of(ValidationConfig(future_tolerance_seconds=0), clock, 100)
    table = pd.DataFrame(
        {
            "user_id": range(5),
            "item_id": range(5),
            "timestamp": pd.array([-1, 0, 100, 101, None], dtype="Int64"),
            "ends_at": pd.array([3, 0, 101, 102, 5], dtype="Int64"),
        }
    )
    table = table.assign(**facts(table, None, limits))
    assert {
        r: np.flatnonzero(m).tolist() for r, m in faults("interactions", table, limits).items()
    } == {
        "absurd_time": [0],
        "ends_before_start": [1],
        "future_time": [3],
        "null_time": [4],
    }


def test_every_rule_says_which_columns_it_needs() -> None:
    columns = {*log().columns, *FACTS, "starts", "ends"}
    assert all(set(rule.columns) <= columns for rule in RULES)
    assert all(rule.columns or rule.reason == "negative_count" for rule in RULES)


@given(st.permutations(range(8)))
def test_the_order_of_the_rows_changes_only_which_copy_is_kept(order: list[int]) -> None:
    table = pd.concat([log(6), log(2)], ignore_index=True)
    table.loc[3, "weight"] = -1.0
    shuffled = table.iloc[order].reset_index(drop=True)
    faults_found = found(shuffled)
    assert faults_found["bad_weight"] == [order.index(3)]
    assert len(faults_found["duplicate"]) == 2
