"""The canonical tables in Parquet: what comes back, and what is not written."""

from pathlib import Path

import pandas as pd
import pytest

from onstage.data.tables import read_table, table_names, write_table
from onstage.errors import ContractError


pytestmark = pytest.mark.integration


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


def test_only_the_columns_asked_for_are_read_and_missing_ones_do_not_matter(tmp_path: Path) -> None:
    table = pd.DataFrame({"user_id": [1], "item_id": ["a"], "timestamp": [5], "event": ["VIEW"]})
    write_table(table, tmp_path, "interactions")
    found = read_table(
        tmp_path, "interactions", columns={"user_id", "item_id", "timestamp", "weight"}
    )
    assert found is not None
    assert found.to_dict("list") == {"user_id": [1], "item_id": ["a"], "timestamp": [5]}
