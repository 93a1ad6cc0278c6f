"""What is in a file arrives as it is: ids, times, order; in every format and compression."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onstage.data.clock import Clock
from onstage.data.sources.availability import derive_windows
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest, input_digest
from onstage.data.tables import read_table, table_names, write_table
from onstage.errors import ContractError


pytestmark = pytest.mark.integration

STEPS = Clock(kind="step", step_seconds=600)
COLUMNS = {"user_id": "u", "item_id": "i", "timestamp": "t"}


def read(home: Path, source: dict[str, Any], clock: Clock = STEPS, **more: Any) -> pd.DataFrame:
    config = DataConfig.model_validate({"interactions": {"columns": COLUMNS, **source}, **more})
    out = home / "out"
    out.mkdir(exist_ok=True)
    ingest(config, clock, out)
    table = read_table(out, "interactions")
    assert table is not None
    return table


def write(path: Path, rows: Sequence[Sequence[object]], header: str = "u,i,t") -> str:
    lines = [header] if header else []
    path.write_text("\n".join([*lines, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


def as_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False)


def as_tsv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, sep="\t")


def as_zstd(table: pd.DataFrame, path: Path) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(table.to_csv(index=False).encode())


def as_jsonl_gz(table: pd.DataFrame, path: Path) -> None:
    with gzip.open(path, "wt") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in table.to_dict("records"))


def as_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path)


WRITERS = {
    "log.csv": as_csv,
    "log.csv.gz": as_csv,
    "log.csv.zst": as_zstd,
    "log.tsv": as_tsv,
    "log.jsonl.gz": as_jsonl_gz,
    "log.parquet": as_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str) -> None:
    raw = pd.DataFrame(
        {
            "u": [-8845298781299428018, 9223372036854775807, -8845298781299428018],
            "i": ['quo"ted', "com,ma", "tab\tbed"],
            "t": [7, 3, 7],
        }
    )
    WRITERS[name](raw, tmp_path / name)
    table = read(tmp_path, {"path": str(tmp_path / name)})
    assert table["user_id"].dtype == "int64"
    assert table["timestamp"].dtype == "int64"
    assert table.to_numpy().tolist() == raw.to_numpy().tolist()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.text(
                st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8
            ),
            st.integers(-(10**9), 10**9),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_ids_come_back_exactly_in_the_order_of_the_file(tmp_path: Path, rows: list[Any]) -> None:
    raw = pd.DataFrame(rows, columns=["u", "i", "t"]).astype({"i": object})
    as_jsonl_gz(raw, tmp_path / "log.jsonl.gz")
    table = read(tmp_path, {"path": str(tmp_path / "log.jsonl.gz")})
    integers = all(str(_int(item)) == item for _, item, _ in rows)
    expected = [[u, int(i) if integers else i, t] for u, i, t in rows]
    assert table.astype(object).to_numpy().tolist() == expected


def _int(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -(2**63) <= number < 2**63 else None


@pytest.mark.parametrize("other", ["007", "+7", "7.0", "9223372036854775808", "-0", "x"])
def test_one_id_that_is_no_integer_as_written_keeps_all_as_text(tmp_path: Path, other: str) -> None:
    table = read(tmp_path, {"path": write(tmp_path / "log.csv", [(7, 1, 1), (other, 1, 2)])})
    assert table["user_id"].tolist() == ["7", other]
    assert isinstance(table["user_id"].dtype, pd.StringDtype)
    assert table["item_id"].dtype == "int64"


def test_an_item_is_text_in_every_table_when_it_is_in_one(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", [(1, 5, 1)])
    items = write(tmp_path / "items.csv", [("5",), ("x5",)], header="i")
    table = read(tmp_path, {"path": log}, items={"path": items, "columns": {"item_id": "i"}})
    assert table["item_id"].tolist() == ["5"]
    catalogue = read_table(tmp_path / "out", "items")
    assert catalogue is not None
    assert catalogue["item_id"].tolist() == ["5", "x5"]


def test_ids_can_be_asked_to_stay_text(tmp_path: Path) -> None:
    table = read(tmp_path, {"path": write(tmp_path / "log.csv", [(1, 5, 1)])}, ids="text")
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [["1", "5"]]


def test_missing_values_pass_and_integers_stay_exact_beside_them(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", [(2**62 + 1, "", 1), ("NA", 5, "")])
    table = read(tmp_path, {"path": path, "missing": ["NA"]})
    assert table["user_id"].dtype == pd.Int64Dtype()
    assert table["user_id"][0] == 2**62 + 1
    assert table.isna().to_numpy().tolist() == [[False, True, False], [True, False, True]]


def test_parts_are_read_in_order_each_with_its_own_columns(tmp_path: Path) -> None:
    write(tmp_path / "p2.csv", [(3, 9, 1)])
    write(tmp_path / "p1.csv", [(9, 1, 2), (9, 1, 1)], header="i,t,viewer")
    write(tmp_path / "last.csv", [(4, 9, 0)])
    columns = COLUMNS | {"user_id": ["viewer", "u"]}
    paths = [str(tmp_path / "p*.csv"), str(tmp_path / "last.csv")]
    table = read(tmp_path, {"path": paths, "columns": columns})
    assert table["user_id"].tolist() == [2, 1, 3, 4]
    assert table["timestamp"].tolist() == [1, 1, 1, 0]


def test_the_order_of_a_large_file_survives_parallel_reading(tmp_path: Path) -> None:
    rows = 200_000
    raw = pd.DataFrame(
        {"u": range(rows), "i": [0] * rows, "t": [1] * rows, "x": ["pad" * 5] * rows}
    )
    as_csv(raw, tmp_path / "log.csv")
    table = read(tmp_path, {"path": str(tmp_path / "log.csv")})
    assert (table["user_id"] == raw["u"]).all()


def test_a_name_with_glob_signs_is_one_file(tmp_path: Path) -> None:
    path = write(tmp_path / "log[1]'s.csv", [(1, 2, 3)])
    assert len(read(tmp_path, {"path": path})) == 1


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


def test_windows_from_a_file_may_be_open(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", [(1, 2, 3)])
    source = {
        "path": write(tmp_path / "w.csv", [(2, 1, 5), (2, 7, "")], header="i,a,b"),
        "columns": {"item_id": "i", "starts": "a", "ends": "b"},
    }
    read(tmp_path, {"path": log}, windows=source)
    windows = read_table(tmp_path / "out", "windows")
    assert windows is not None
    assert windows.to_numpy().tolist() == [[2, 1, 5], [2, 7, 2**31 - 1]]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(-2, 6)),
        min_size=1,
        max_size=20,
    )
)
def test_derived_windows_cover_exactly_what_is_watched(tmp_path: Path, rows: list[Any]) -> None:
    table = pd.DataFrame(
        [(0, item, start, start + length) for item, start, length in rows],
        columns=["user_id", "item_id", "timestamp", "ends_at"],
    )
    write_table(table, tmp_path, "interactions")
    count = derive_windows(tmp_path)
    windows = read_table(tmp_path, "windows")
    assert windows is not None
    assert len(windows) == count
    watched = {(i, t) for i, start, length in rows for t in range(start, start + length)}
    covered = [(w.item_id, t) for w in windows.itertuples() for t in range(w.starts, w.ends)]
    assert sorted(covered) == sorted(watched)
    gaps = windows["starts"] - windows.groupby("item_id")["ends"].shift()
    assert (gaps.dropna() > 0).all()  # windows that touch are one


def test_the_same_source_gives_the_same_bytes_and_another_file_another_digest(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "log.csv", [(i % 7, i % 11, i % 13) for i in range(5000)])
    config = DataConfig.model_validate(
        {
            "interactions": {
                "path": path, "columns": COLUMNS, "sum_by": ["user_id", "item_id"], "weight": 0.1,
            }
        }
    )  # fmt: skip
    results = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        ingest(config, STEPS, tmp_path / name)
        results.append((tmp_path / name / "interactions.parquet").read_bytes())
    assert results[0] == results[1]
    before = input_digest(config)
    assert list(before) == ["interactions/0/log.csv"]
    Path(path).write_text("u,i,t\n1,2,3\n")
    assert input_digest(config) != before


def test_paths_start_at_the_data_folder_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_DATA", str(tmp_path))
    write(tmp_path / "log.csv", [(1, 2, 3)])
    table = read(tmp_path, {"path": "log.csv"}, folder="${ONSTAGE_DATA}")
    assert len(table) == 1
    assert len(read(tmp_path, {"path": "${ONSTAGE_DATA}/log.csv"})) == 1


def test_tables_come_back_as_they_were_written(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "item_id": pd.array([-(2**63), 2**63 - 1], dtype="int64"),
            "starts": pd.to_datetime([1, 2], unit="s", utc=True).astype("datetime64[ns, UTC]"),
            "ends": pd.to_datetime([3, 4], unit="s", utc=True).tz_convert("Asia/Manila"),
            "kind": pd.Categorical(["b", "a"]),
            "note": ["x", None],
        }
    )
    assert write_table(table, tmp_path, "windows") == 2
    found = read_table(tmp_path, "windows")
    assert found is not None
    assert table_names(tmp_path) == ("windows",)
    assert [str(kind) for kind in found.dtypes] == [
        "int64", "datetime64[us, UTC]", "datetime64[us, UTC]", "str", "str",
    ]  # fmt: skip
    assert found["item_id"].tolist() == [-(2**63), 2**63 - 1]
    assert (found["ends"] == table["ends"]).all()
    assert found["kind"].tolist() == ["b", "a"]
    assert read_table(tmp_path, "items") is None


def test_a_table_that_breaks_its_contract_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no column 'starts'"):
        write_table(pd.DataFrame({"item_id": [1]}), tmp_path, "windows")
    with pytest.raises(ContractError, match="mixes types"):
        write_table(pd.DataFrame({"item_id": [1, "a"]}), tmp_path, "items")
    with pytest.raises(ContractError, match="the canonical tables are"):
        write_table(pd.DataFrame({"item_id": [1]}), tmp_path, "item")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "items.parquet").write_text("no")
    with pytest.raises(ContractError, match="not a Parquet file"):
        read_table(tmp_path, "items")
