"""Logs put where the pipeline looks for those that validation accepted."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.data.tables import write_table
from onstage.pipeline.workspace import Workspace
from onstage.testing.examples import crowd


def hourly(folder: Path, monkeypatch: pytest.MonkeyPatch, **content: Any) -> Workspace:
    """A workspace whose log counts hours, with a home of its own and nothing tuned."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ONSTAGE_HOME", str(folder / "home"))
    usual = {
        "name": "hourly",
        "clock": {"kind": "step", "step_seconds": 3600},
        "data": {"preset": "twitch", "folder": "nowhere"},
        "models": {"memory": {"algorithm": "memory"}, "popularity": {"algorithm": "popularity"}},
        "sweep": {"algorithms": {}},
    }
    path = folder / "hourly.yaml"
    path.write_text(yaml.safe_dump({**usual, **content}))
    return Workspace.open(path)


def crowded() -> pd.DataFrame:
    """900 watches of three hours by 30 users within 100 hours; some rows occur twice."""
    data = crowd(1, users=30, rows=900, hours=100)
    return pd.DataFrame(
        {
            Columns.USER: data.user,
            Columns.ITEM: data.item,
            Columns.TIME: data.time,
            Columns.ENDS_AT: data.time + 3,
        }
    )


def accepted(workspace: Workspace, table: pd.DataFrame, name: str) -> Reference:
    """What validation would have accepted."""

    def build(folder: Path) -> dict[str, float | int | str]:
        write_table(table, folder, "interactions")
        return {}

    return workspace.step("validate", "1", {"rows": name}, {}, build)
