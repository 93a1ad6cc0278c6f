"""Times are the instants they say; weights, ends and attributes are what was configured."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from onstage.data.clock import Clock
from tests.integration.logs import COLUMNS, STEPS, read, write


pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("time", "text", "expected"),
    [
        ({}, "2021-05-01T12:00:00Z", "2021-05-01T12:00:00Z"),
        ({}, "2021-05-01 12:00:00 UTC", "2021-05-01T12:00:00Z"),
        ({}, "2021-05-01 12:00:00.123456+02:00", "2021-05-01T10:00:00.123456Z"),
        ({}, "2021-05-01", "2021-05-01T00:00:00Z"),
        ({"zone": "Asia/Manila"}, "2021-05-01 12:00:00", "2021-05-01T04:00:00Z"),
        ({"zone": "Asia/Manila"}, "2021-05-01 12:00:00Z", "2021-05-01T12:00:00Z"),
        ({"unit": "s"}, "1465413032", "2016-06-08T19:10:32Z"),
        ({"unit": "s"}, "-1", "1969-12-31T23:59:59Z"),
        ({"unit": "s"}, "1465413032.25", "2016-06-08T19:10:32.25Z"),
        ({"unit": "ms"}, "1465413032001", "2016-06-08T19:10:32.001Z"),
        ({"unit": "us"}, "1465413032000001", "2016-06-08T19:10:32.000001Z"),
        ({"unit": "%d.%m.%Y %H:%M"}, "01.05.2021 12:30", "2021-05-01T12:30:00Z"),
        (
            {"unit": "%d.%m.%Y %H:%M", "zone": "Asia/Manila"},
            "01.05.2021 12:30",
            "2021-05-01T04:30:00Z",
        ),
        ({"unit": "%d.%m.%Y %H:%M %z"}, "01.05.2021 12:30 +0300", "2021-05-01T09:30:00Z"),
    ],
)
def test_times_are_the_instants_they_say(
    tmp_path: Path, time: dict[str, str], text: str, expected: str
) -> None:
    path = write(tmp_path / "log.csv", [(1, 2, text)])
    table = read(tmp_path, {"path": path, "time": time}, Clock())
    assert str(table["timestamp"].dtype) == "datetime64[us, UTC]"
    assert table["timestamp"][0] == pd.Timestamp(expected)


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_timestamps_of_parquet_are_taken_as_they_are(tmp_path: Path, unit: str) -> None:
    at = pd.Series(pd.to_datetime(["2021-05-01 12:00", "2021-05-01 12:00"])).dt.as_unit(unit)
    raw = pd.DataFrame(
        {"u": [1, 2], "i": [1.0, 2.0], "t": at, "z": at.dt.tz_localize("Asia/Manila")}
    )
    raw.to_parquet(tmp_path / "log.parquet")
    naive = read(tmp_path, {"path": str(tmp_path / "log.parquet"), "time": {"unit": "s"}}, Clock())
    assert naive["timestamp"][0] == pd.Timestamp("2021-05-01T12:00Z")
    assert naive["item_id"].tolist() == [1, 2]  # 1.0 is the integer 1
    zoned = {"path": str(tmp_path / "log.parquet"), "columns": COLUMNS | {"timestamp": "z"}}
    assert read(tmp_path, zoned, Clock())["timestamp"][0] == pd.Timestamp("2021-05-01T04:00Z")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"events": {"a": 1, "b": 2.5}}, [1, 2.5, 2.5]),
        ({"events": {"a": 0, "b": 2.5}}, [2.5, 2.5]),  # strength 0 leaves out
        ({"events": {"a": 1, "b": 2}, "weight": "column"}, [5, 3, 5]),
        ({"weight": 4.0}, [4, 4, 4]),
        ({"weight": "duration"}, [60, 30, 90]),
        ({"weight": "column", "min_weight": 4}, [5, 5]),
        ({"sum_by": ["user_id", "item_id"]}, [13]),  # 5 + 3 + 5
    ],
)
def test_weights_come_from_where_the_configuration_says(
    tmp_path: Path, more: dict[str, Any], expected: list[float]
) -> None:
    rows = [(1, 2, 9, "a", 5, 60), (1, 2, 8, "b", 3, 30), (1, 2, 9, "b", 5, 90)]
    path = write(tmp_path / "log.csv", rows, header="u,i,t,e,w,d")
    columns = COLUMNS | {"event": "e", "duration_seconds": "d"}
    if "column" in more.values() or "sum_by" in more:
        columns["weight"] = "w"
    table = read(tmp_path, {"path": path, "columns": columns, **more})
    assert table["weight"].tolist() == expected
    if "sum_by" in more:
        assert table["timestamp"].tolist() == [8]  # the earliest
        assert table["duration_seconds"].tolist() == [180]
        assert "event" not in table


def test_repeated_rows_can_be_dropped_and_the_first_place_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", [(1, 2, 9), (5, 6, 7), (1, 2, 9), (1, 2, 8)])
    table = read(tmp_path, {"path": path, "duplicates": "drop"})
    assert table.to_numpy().tolist() == [[1, 2, 9], [5, 6, 7], [1, 2, 8]]


@pytest.mark.parametrize(
    ("clock", "ends_after", "expected"),
    [
        (STEPS, 3, [103, 203]),
        (STEPS, "duration", [101, 202]),  # 90 s and 1,200 s of steps of 600 s, rounded up
        (Clock(), 3, [103_000_000, 203_000_000]),
        (Clock(), "duration", [190_000_000, 1_400_000_000]),
    ],
)
def test_ends_come_from_a_length_or_a_duration(
    tmp_path: Path, clock: Clock, ends_after: object, expected: list[int]
) -> None:
    path = write(tmp_path / "log.csv", [(1, 2, 100, 90), (1, 2, 200, 1200)], header="u,i,t,d")
    source = {
        "path": path,
        "columns": COLUMNS | {"duration_seconds": "d"},
        "time": {"unit": "s"},
        "ends_after": ends_after,
    }
    table = read(tmp_path, source, clock)
    assert clock.ticks(table["ends_at"]).tolist() == expected


def test_attributes_keep_their_types_and_optional_ones_may_be_absent(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", [(1, 2, 3, "x", 4, 1.5)], header="u,i,t,a,b,c")
    kinds = {"a": "text", "b": "integer", "c": "number", "absent": "number?"}
    table = read(tmp_path, {"path": path, "attributes": kinds})
    assert table[["a", "b", "c"]].to_numpy().tolist() == [["x", 4, 1.5]]
    assert table["b"].dtype == "int64"
    assert "absent" not in table
