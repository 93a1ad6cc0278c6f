"""Logs put where the pipeline looks for those that validation accepted."""

from pathlib import Path

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.data.tables import write_table
from onstage.pipeline.workspace import Workspace
from onstage.testing.examples import crowd


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
