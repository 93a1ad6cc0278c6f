"""What docs/tables.md says of a table is what a retrain writes."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from onstage.pipeline.dictionary.tables import described
from onstage.pipeline.outcome import Outcome


pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

WRITTEN = {
    "interactions", "windows", "relations", "quarantine", "trials", "events of a recipe",
    "events of a recipe, by seed", "events of a recipe, by occasion", "leaderboard",
    "clusters: labels", "clusters: features", "clusters: elbow", "clusters: profile",
    "clusters: centres, means, deviations", "clusters: changes", "clusters: spaces, agreement",
    "recommendations",
}  # fmt: skip


def columns(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    return list(json.loads(path.read_text())[0])


def test_every_table_of_a_retrain_is_described_column_by_column(first: Outcome, home: Path) -> None:
    files = [
        *home.glob("store/*/**/*.parquet"),
        *home.glob("datasets/*/**/*.parquet"),
        *home.glob("store/*/leaderboard.json"),
    ]
    seen = set()
    for file in files:
        table = described(file.relative_to(home).as_posix())
        assert table is not None, file
        assert table.differences(columns(file)) == [], file
        seen.add(table.name)
    assert seen >= WRITTEN
