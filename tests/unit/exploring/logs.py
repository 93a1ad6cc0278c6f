"""Logs of a few rows, and what an exploration says of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from onstage.data.clock import Clock
from onstage.exploring.exhibit import Absent, Exhibit


Parts = dict[str, Exhibit | Absent]
Explore = Callable[..., Parts]
MONDAY = pd.Timestamp("2021-06-07T10:00:00Z")
STEPS = Clock(kind="step", step_seconds=600)
SOURCES: dict[str, Any] = {
    "interactions": {
        "path": "log.csv",
        "columns": {"user_id": "u", "item_id": "i", "timestamp": "t"},
    },
    "windows": {
        "path": "windows.csv",
        "columns": {"item_id": "i", "starts": "s", "ends": "e", "broadcast_id": "b"},
    },
}


def log_of(rows: list[tuple[int, int, int]], **columns: object) -> pd.DataFrame:
    """User, item and hours after a Monday, 10:00 UTC."""
    users, items, hours = zip(*rows, strict=True)
    times = MONDAY + pd.to_timedelta(np.array(hours), unit="h")
    return pd.DataFrame({"user_id": users, "item_id": items, "timestamp": times, **columns})


def streams(n: int = 40, **columns: object) -> pd.DataFrame:
    """One stream of two hours a day for item 0, from a Monday on."""
    starts = MONDAY + pd.to_timedelta(np.arange(n), unit="D")
    table = {
        "item_id": 0,
        "starts": starts,
        "ends": starts + pd.Timedelta(hours=2),
        "broadcast_id": np.arange(n),
    }
    return pd.DataFrame({**table, **columns})


def absent(part: Exhibit | Absent) -> tuple[str, ...]:
    assert isinstance(part, Absent)
    return part.missing


def said(part: Exhibit | Absent) -> str:
    assert isinstance(part, Exhibit)
    return part.sentence
