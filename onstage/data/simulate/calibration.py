"""Simulated marginals beside the real ones."""

from pathlib import Path

import numpy as np
import pandas as pd

from onstage.data.simulate.config import Shape
from onstage.data.simulate.kumu import CHANNELS, GAMESHOW, LIVESTREAM
from onstage.data.simulate.targets import (
    EXTENSIVE,
    KUMU,
    TWITCH,
    TWITCH_USERS,
    per_streamer,
    per_user,
    read_marginals,
)
from onstage.data.simulate.twitch import FILE
from onstage.errors import SourceError


WINDOW = 250
"""Length of the test window of the live protocol in steps."""


def calibration_table(folder: Path, shape: Shape, marginals: Path | None = None) -> pd.DataFrame:
    """Compare the log in `folder` with the real one of its shape.

    Parameters
    ----------
    folder
        Written by :func:`onstage.data.simulate.writer.simulate`.
    shape
        Which files to read.
    marginals
        Folder with the totals of the real Twitch 100k, for more figures; ignored for ``kumu``.

    Returns
    -------
    pandas.DataFrame
        ``figure, target, simulated, ratio`` (simulated over target). Target and ratio are ``nan``
        where a figure depends on the size of the log and the simulation is of another size.

    Raises
    ------
    SourceError
        If a file is missing.
    """
    try:
        simulated = twitch_figures(folder) if shape == "twitch" else kumu_figures(folder)
    except OSError as error:
        message = f"no simulated {shape} log in {folder}: {error.strerror}; run simulate first"
        raise SourceError(message) from error
    target = dict(TWITCH if shape == "twitch" else KUMU)
    if shape == "twitch" and marginals is not None:
        target |= read_marginals(marginals)
    other_size = shape == "twitch" and abs(simulated["users"] / TWITCH_USERS - 1) > 0.02  # noqa: PLR2004
    table = pd.DataFrame(
        [
            (figure, np.nan if other_size and figure in EXTENSIVE else value, simulated[figure])
            for figure, value in target.items()
            if figure in simulated
        ],
        columns=["figure", "target", "simulated"],
    )
    return table.assign(ratio=table["simulated"] / table["target"])


def twitch_figures(folder: Path) -> dict[str, float]:
    """All figures of one log of the shape ``twitch``."""
    log = pd.read_csv(
        folder / FILE,
        names=["user", "stream", "streamer", "start", "stop"],
        dtype={"streamer": "category", "user": "int32", "start": "int32", "stop": "int32"},
    )
    log = log.assign(streamer=log["streamer"].cat.codes)
    length = log["stop"] - log["start"]
    users = log.groupby("user").agg(first=("start", "min"), last=("start", "max"))
    rows = log["user"].value_counts().sort_index().to_numpy()
    watched = length.groupby(log["user"]).sum().to_numpy()
    end = int(log["stop"].max())
    pairs = log[["user", "streamer"]].drop_duplicates()
    viewers = pairs["streamer"].value_counts().to_numpy()
    streamer_rows = log["streamer"].value_counts().to_numpy()
    figures = {
        "users": len(rows),
        "streamers": len(viewers),
        "broadcasts": log["stream"].nunique(),
        "rows": len(log),
        "last step": end,
        "hours watched": length.sum() / 6,
        "rows per user, least": rows.min(),
        "rows per user, median": np.median(rows),
        "rows per user, mean": rows.mean(),
        "rows per user, most": rows.max(),
        "watch length, median": length.median(),
        "watch length, mean": length.mean(),
        "watch length, 90 %": length.quantile(0.9),
        "watch length, 99 %": length.quantile(0.99),
        "watch length, longest": length.max(),
        "rows per streamer, median": np.median(streamer_rows),
        "rows of the top streamer": streamer_rows.max(),
        "viewers per streamer, median": np.median(viewers),
        "viewers of the top streamer": viewers.max(),
        "pairs of user and streamer": len(pairs),
        "rows of a pair watched before": 1 - len(pairs) / len(log),
    }
    figures |= per_user(
        rows, watched, (users["last"] - users["first"]).to_numpy(), (end - users["last"]).to_numpy()
    )
    figures |= per_streamer(viewers) | _test_events(log, end)
    return {name: float(value) for name, value in figures.items()}


def _test_events(log: pd.DataFrame, end: int) -> dict[str, float]:
    """Candidates and repeats of each user's last row in the last 250 steps (track A's events)."""
    log = log.loc[log["stop"] < end].sort_values("start", kind="stable")
    again = log.duplicated(["user", "streamer"])
    last = ~log.duplicated("user", keep="last") & log.duplicated("user")
    test = log[last & (log["start"] >= end - WINDOW)]
    late = log[log["stop"] >= end - WINDOW]
    steps, events = np.unique(test["start"], return_counts=True)
    live = [
        late.loc[(late["start"] <= step) & (step < late["stop"]), "streamer"].nunique()
        for step in steps
    ]
    if len(steps) == 0:
        return {}
    return {
        "live streamers per test event": float(np.average(live, weights=events)),
        "test targets watched before": float(again[test.index].mean()),
    }


def kumu_figures(folder: Path) -> dict[str, float]:
    """All figures of one log of the shape ``kumu``, per (user, channel) as the notebook has it."""
    logs = [pd.read_csv(folder / name) for name in LIVESTREAM]
    logs = [log.rename(columns={"viewer_id": "user_id"}) for log in logs]
    log = pd.concat([*logs, pd.read_csv(folder / GAMESHOW)])
    sums = log.groupby(["user_id", "channel_id"])["duration"].sum().reset_index()
    columns = ["channel_id", "streamer_id", "duration"]
    channels = pd.read_csv(folder / CHANNELS, usecols=columns)
    log = sums.merge(channels, on="channel_id", suffixes=("", "_live"))
    duration = log["duration"]
    figures = {
        "duration, mean": duration.mean(),
        "duration, deviation": duration.std(),
        "duration, 25 %": duration.quantile(0.25),
        "duration, median": duration.median(),
        "duration, 75 %": duration.quantile(0.75),
        "duration, shortest": duration.min(),
        "duration, longest": duration.max(),
        "duration, skewness": duration.skew(),
        "duration, kurtosis": duration.kurt(),
        "users who watched once": (log["user_id"].value_counts() == 1).mean(),
        "streamers with one row": (log["streamer_id"].value_counts() == 1).mean(),
        "rows over half of the broadcast": (duration > log["duration_live"] / 2).mean(),
    }
    return {name: float(value) for name, value in figures.items()}
