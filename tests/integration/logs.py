"""Small logs in files, and how a configuration reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.data.tables import read_table


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
