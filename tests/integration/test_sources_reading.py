"""What is in a file arrives as it is: ids and order; in every format and compression."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest, input_digest
from onstage.data.tables import read_table
from tests.integration.logs import COLUMNS, STEPS, read, write


pytestmark = pytest.mark.integration


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
