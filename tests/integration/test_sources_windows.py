"""Windows from a file, or derived from what was watched."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onstage.data.sources.availability import derive_windows
from onstage.data.tables import read_table, write_table
from tests.integration.logs import read, write


pytestmark = pytest.mark.integration


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
