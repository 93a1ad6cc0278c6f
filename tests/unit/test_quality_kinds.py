import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from onstage.data.clock import Clock
from onstage.data.kinds import compact, settled


UTC = Clock()
STEP = Clock(kind="step", step_seconds=60)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_identifiers_of_any_sign_and_size_stay_as_they_are(ids: list[int]) -> None:
    table, wrong = settled(pd.DataFrame({"user_id": np.array(ids, dtype=np.int64)}), UTC)
    assert wrong == {}
    assert table["user_id"].tolist() == ids


def test_whole_floats_become_the_integers_they_were_before_a_gap() -> None:
    table, wrong = settled(pd.DataFrame({"user_id": [1.0, np.nan, -7.0]}), UTC)
    assert (wrong, str(table["user_id"].dtype)) == ({}, "Int64")
    assert table["user_id"].dropna().tolist() == [1, -7]


def test_floats_that_were_rounded_are_no_identifiers() -> None:
    assert settled(pd.DataFrame({"user_id": [2.0**53, 1.0]}), UTC)[1] == {"user_id": "float64"}
    assert settled(pd.DataFrame({"user_id": [0.5]}), UTC)[1] == {"user_id": "float64"}


def test_unsigned_identifiers_beyond_int64_are_refused_and_smaller_ones_are_not() -> None:
    large = pd.DataFrame({"item_id": np.array([2**63], dtype=np.uint64)})
    assert settled(large, UTC)[1] == {"item_id": "uint64"}
    small = settled(pd.DataFrame({"item_id": np.array([2**40], dtype=np.uint64)}), UTC)
    assert (small[0]["item_id"].tolist(), small[1]) == ([2**40], {})


def test_times_must_be_of_the_clocks_kind() -> None:
    zoned = pd.Series(pd.to_datetime(["2024-06-01T12:00:00+02:00"]))
    naive = zoned.dt.tz_localize(None)
    text, steps = pd.Series(["yesterday"]), pd.Series([17])
    for times, utc, step in [
        (zoned, True, False),
        (naive, False, False),
        (text, False, False),
        (steps, False, True),
    ]:
        table = pd.DataFrame({"timestamp": times})
        assert (settled(table, UTC)[1] == {}) is utc
        assert (settled(table, STEP)[1] == {}) is step
    made = settled(pd.DataFrame({"timestamp": zoned}), UTC)[0]["timestamp"]
    assert str(made.dtype) == "datetime64[us, UTC]"
    assert made[0].isoformat() == "2024-06-01T10:00:00+00:00"


def test_a_column_that_mixes_text_and_numbers_is_of_the_wrong_type() -> None:
    mixed = pd.DataFrame({"item_id": pd.Series(["a", 1], dtype=object)})
    assert settled(mixed, UTC)[1] == {"item_id": "object"}
    text = settled(pd.DataFrame({"item_id": pd.Series(["a", None], dtype=object)}), UTC)
    assert (text[1], str(text[0]["item_id"].dtype)) == ({}, "str")
    groups = settled(pd.DataFrame({"event": pd.Categorical(["VIEW", "LIKE"])}), UTC)
    assert groups[0]["event"].tolist() == ["VIEW", "LIKE"]


def test_a_weight_is_a_number() -> None:
    assert settled(pd.DataFrame({"weight": ["1"]}), UTC)[1] == {"weight": "str"}
    assert settled(pd.DataFrame({"weight": [True]}), UTC)[1] == {"weight": "bool"}
    gaps = settled(pd.DataFrame({"weight": pd.array([2, None], dtype="Int64")}), UTC)[0]["weight"]
    assert gaps.dtype == np.float64


def test_nothing_is_changed_in_place_and_other_columns_pass() -> None:
    table = pd.DataFrame({"user_id": [1.0, 2.0], "colour": ["red", None]})
    made, _ = settled(table, UTC)
    assert table["user_id"].dtype == np.float64
    assert made["colour"].equals(table["colour"])


def test_integers_without_gaps_are_plain_again() -> None:
    table = pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": pd.array([1, None], "Int64")})
    assert [str(t) for t in compact(table).dtypes] == ["int64", "Int64"]
