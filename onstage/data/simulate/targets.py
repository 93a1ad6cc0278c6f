"""The figures of the real logs that a simulation is measured against."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.errors import SourceError


TWITCH_USERS: Final = 100_000
"""Users of the log behind :data:`TWITCH`."""

TWITCH: Final[Mapping[str, float]] = MappingProxyType(
    {
        "users": 100_000,
        "streamers": 162_625,
        "broadcasts": 739_991,
        "rows": 3_051_733,
        "last step": 6_148,
        "hours watched": 1_598_118.5,
        "rows per user, least": 5,
        "rows per user, median": 16,
        "rows per user, mean": 30.5,
        "rows per user, most": 327,
        "watch length, median": 1,
        "watch length, mean": 3.14,
        "watch length, 90 %": 7,
        "watch length, 99 %": 22,
        "watch length, longest": 97,
        "rows per streamer, median": 2,
        "rows of the top streamer": 45_144,
        "viewers per streamer, median": 1,
        "viewers of the top streamer": 17_154,
        "live streamers per test event": 800,
        "test targets watched before": 0.67,
    }
)
"""Twitch 100k; lengths in 10-minute steps."""

EXTENSIVE: Final = frozenset(
    {
        "users",
        "streamers",
        "broadcasts",
        "rows",
        "last step",
        "hours watched",
        "watch length, longest",
        "rows per user, most",
        "rows per streamer, median",
        "rows of the top streamer",
        "viewers per streamer, median",
        "viewers of the top streamer",
        "viewers, rank 10",
        "viewers, rank 100",
        "viewers, rank 1,000",
        "viewers, rank 10,000",
        "streamers with one viewer",
        "pairs of user and streamer",
        "live streamers per test event",
    }
)
"""Figures that depend on the size of the log, so a smaller simulation has no target for them."""

KUMU: Final[Mapping[str, float]] = MappingProxyType(
    {
        "duration, mean": 3_346,
        "duration, deviation": 7_599,
        "duration, 25 %": 957,
        "duration, median": 1_784,
        "duration, 75 %": 2_635,
        "duration, shortest": 1,
        "duration, longest": 1_014_573,
        "duration, skewness": 12.6,
        "duration, kurtosis": 392,
        "users who watched once": 0.20,
        "streamers with one row": 0.16,
        "rows over half of the broadcast": 0.07,
    }
)
"""Kumu, per (user, channel), as the notebook printed them; durations in seconds."""


def read_marginals(folder: Path) -> dict[str, float]:
    """Figures from the per-user and per-streamer totals of the real Twitch 100k.

    Parameters
    ----------
    folder
        With ``rfm_user_segments.csv``, ``user_lifetime.csv`` and
        ``streamer_viewer_distribution.csv``.

    Raises
    ------
    SourceError
        If a file is missing or lacks a column.
    """
    try:
        users = pd.read_csv(folder / "rfm_user_segments.csv")
        life = pd.read_csv(folder / "user_lifetime.csv")["LifetimeMinutes"].to_numpy()
        viewers = pd.read_csv(folder / "streamer_viewer_distribution.csv")["ViewerCount"]
        rows, watched = users["Frequency"].to_numpy(), users["Monetary"].to_numpy()
        recency = users["Recency"].to_numpy()
    except (OSError, KeyError) as error:
        message = f"marginals {folder}: {error}; expected the three files of twitch-marginals"
        raise SourceError(message) from error
    pairs = float(viewers.sum())
    return (
        per_user(rows, watched, life, recency)
        | per_streamer(viewers.to_numpy())
        | {
            "pairs of user and streamer": pairs,
            "rows of a pair watched before": 1 - pairs / float(rows.sum()),
        }
    )


def per_user(
    rows: NDArray[Any],
    watched: NDArray[Any],
    life: NDArray[Any],
    recency: NDArray[Any],
) -> dict[str, float]:
    """Figures of per-user totals: rows, steps watched, first to last start, last start to end."""
    figures = {
        f"rows per user, {name}": float(np.quantile(rows, q))
        for name, q in (("25 %", 0.25), ("75 %", 0.75), ("90 %", 0.9), ("99 %", 0.99))
    }
    for what, values in (("steps watched", watched), ("lifetime", life), ("recency", recency)):
        for name, q in (("25 %", 0.25), ("median", 0.5), ("75 %", 0.75)):
            figures[f"{what} per user, {name}"] = float(np.quantile(values, q))
    return figures


def per_streamer(viewers: NDArray[Any]) -> dict[str, float]:
    """Figures of the number of viewers of each streamer."""
    falling = np.sort(viewers)[::-1]
    figures = {"streamers with one viewer": float((viewers == 1).mean())}
    for rank in (10, 100, 1_000, 10_000):
        if rank <= len(falling):
            figures[f"viewers, rank {rank:,}"] = float(falling[rank - 1])
    return figures
