"""A clean little platform and the means to judge it, for the tests of the expectations."""

from pathlib import Path

import numpy as np
import pandas as pd

from expectations.arrivals import INTERACTIONS, Arrival, Batch
from expectations.engine import Engine
from expectations.report import ValidationReport
from expectations.verdict import Verdict, judge
from onstage.data.clock import Clock
from onstage.data.profile import BatchProfile
from onstage.data.quality import Limits, ValidationConfig


CLOCK = Clock()
START = pd.Timestamp("2024-03-01T00:00:00Z")
NOW = CLOCK.parse("2024-03-05T00:00:00Z")
CONFIG = ValidationConfig(events=("VIEW", "LIKE"))

Tables = dict[str, pd.DataFrame]


def clean(days: int = 4, rows: int = 300, users: int = 60, items: int = 20) -> Tables:
    """Every item is on stage from 10:00 to 22:00; so many rows a day, by users of all kinds."""
    rng = np.random.default_rng(7)
    day = np.repeat(np.arange(days), rows)
    second = np.sort(rng.integers(36_000, 79_000, (days, rows)), axis=1).ravel()
    start = START + pd.to_timedelta(day * 86_400 + second, unit="s")
    seconds = rng.integers(20, 3_000, days * rows)
    log = pd.DataFrame(
        {
            "user_id": rng.integers(-users, users, days * rows) * 10**16,
            "item_id": [f"s{i}" for i in rng.integers(0, items, days * rows)],
            "timestamp": start.as_unit("us"),
            "ends_at": (start + pd.to_timedelta(seconds, unit="s")).as_unit("us"),
            "duration_seconds": seconds.astype(float),
            "event": rng.choice(["VIEW", "LIKE"], days * rows),
            "weight": 1.0,
        }
    ).drop_duplicates(["user_id", "item_id", "timestamp", "event"], ignore_index=True)
    names = [f"s{i}" for i in range(items)]
    opened = [START + pd.Timedelta(days=d, hours=10) for d in range(days) for _ in names]
    starts = pd.Series(opened).dt.as_unit("us")
    relations = log.groupby(["user_id", "item_id"]).size().rename("views").reset_index()
    return {
        "interactions": log,
        "items": pd.DataFrame({"item_id": names, "title": names}),
        "windows": pd.DataFrame(
            {"item_id": names * days, "starts": starts, "ends": starts + pd.Timedelta(hours=12)}
        ),
        "relations": relations,
    }


def written(tables: Tables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def arrivals_in(folder: Path, limits: Limits) -> dict[str, Arrival]:
    """Every table as a whole."""
    batch = Batch.of(folder, limits)
    return {INTERACTIONS: next(batch.interactions(folder)), **batch.others}


def judged(
    tables: Tables,
    folder: Path,
    baseline: BatchProfile | None = None,
    config: ValidationConfig = CONFIG,
    result_format: str = "SUMMARY",
) -> Verdict:
    """The verdict; what was accepted is then in the folder ``out``."""
    batch = Batch.of(written(tables, folder / "in"), Limits.of(config, CLOCK, NOW))
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return judge(Engine(result_format), batch, out, baseline)


def baseline() -> BatchProfile:
    log = clean(days=3)
    return BatchProfile.of(log["interactions"], CLOCK).model_copy(
        update={"columns": {name: tuple(table.columns) for name, table in log.items()}}
    )


def refusals(report: ValidationReport) -> list[str]:
    return [f"{c.table}.{c.check}" for c in report.failed if c.refuses]
