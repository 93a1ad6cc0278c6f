"""Great Expectations' suite of the interactions against the same checks in bare pandas.

Run: ``python -m benchmarks.validation`` (``--help`` for the sizes). Both sides look at the same
frame in memory, in turns, and must count the same bad rows. First the suite alone, with the derived
columns (pace and rhythm of users, distance to windows) given to both; then the whole validation of
the table as a run does it (derive, suite, mark rows, and what failed again on what is accepted)
against a plain pandas script that derives the same with groupby and merge_asof.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.turns import in_turns
from expectations.engine import Engine
from expectations.measurements import table_parameters
from expectations.suites import Suite, suite_for, used_columns
from onstage.data.clock import Clock
from onstage.data.quality import Limits, ValidationConfig
from onstage.data.rules import OUTSIDE, PEAK, SPREAD, facts, faults


CLOCK = Clock()
CONFIG = ValidationConfig(events=("VIEW", "LIKE", "FOLLOW"))
START = pd.Timestamp("2024-01-01T00:00:00Z")
DAYS = 30
LIMITS = Limits.of(CONFIG, CLOCK, CLOCK.parse("2024-02-01T00:00:00Z"))
EARLIEST, LATEST = (pd.Timestamp(t, unit="us", tz="UTC") for t in (LIMITS.earliest, LIMITS.latest))
KEY = ["user_id", "item_id", "timestamp", "event"]


def main() -> None:
    asked = parsed()
    log, windows = platform(asked.rows, spoilt=asked.spoilt)
    frame = log.assign(**facts(log, windows, LIMITS))
    parameters = table_parameters("interactions", log, log, LIMITS)
    suite = suite_for("interactions", frame.columns, parameters)
    agree(suite, frame)
    alone, _ = in_turns(
        {"ours": lambda: run_suite(suite, frame), "bare": lambda: bare_checks(frame)},
        asked.repeats,
        clock=time.process_time,
    )
    whole, _ = in_turns(
        {
            "ours": lambda: validated(suite, log, windows),
            "bare": lambda: bare_checks(log.assign(**bare_facts(log, windows))),
        },
        asked.repeats,
        clock=time.process_time,
    )
    figures = [
        ratio("the suite: Great Expectations over bare pandas", alone["ours"], alone["bare"],
              at_most=3),
        Figure("the suite, Great Expectations", "s", tuple(alone["ours"])),
        ratio("validating the table: ours over a pandas script", whole["ours"], whole["bare"]),
        Figure("validating the table, ours", "s", tuple(whole["ours"])),
    ]  # fmt: skip
    about = (
        f"{len(log):,} rows (text ids of items), {len(windows):,} windows, {asked.spoilt:,} spoilt "
        f"rows, {len(suite.expectations)} expectations; both count the same bad rows; CPU seconds"
    )
    tell(about, figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--spoilt", type=int, default=0, help="rows with a negative weight")
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def platform(rows: int, spoilt: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Streamers on stage once a day for some hours; popular ones are watched more."""
    rng = np.random.default_rng(0)
    items = max(rows // 100, 10)
    opens = rng.integers(0, 72_000, (DAYS, items))
    lasts = rng.integers(3_600, 14_400, (DAYS, items))
    names = "streamer-" + pd.Series(np.arange(items)).astype("str")
    starts = START + pd.to_timedelta((opens + 86_400 * np.arange(DAYS)[:, None]).ravel(), unit="s")
    windows = pd.DataFrame({"item_id": np.tile(names.to_numpy(), DAYS), "starts": starts})
    windows["starts"] = windows["starts"].dt.as_unit("us")
    windows["ends"] = windows["starts"] + pd.to_timedelta(lasts.ravel(), unit="s")
    windows["item_id"] = windows["item_id"].astype("str")
    day, item = rng.integers(0, DAYS, rows), (items * rng.random(rows) ** 2).astype(np.int64)
    micros = (rng.random(rows) * lasts[day, item] * 1e6).astype(np.int64)
    opened = CLOCK.ticks(windows["starts"])[day * items + item]
    seconds = rng.integers(1, 3_000, rows)
    log = pd.DataFrame(
        {
            "user_id": rng.integers(0, max(rows // 30, 2), rows),
            "item_id": names.to_numpy()[item],
            "timestamp": CLOCK.times(opened + micros),
            "event": rng.choice(list(CONFIG.events or ()), rows),
            "weight": 1.0,
            "duration_seconds": seconds.astype(float),
        }
    ).astype({"item_id": "str", "event": "str"})
    log["ends_at"] = log["timestamp"] + pd.to_timedelta(seconds, unit="s").as_unit("us")
    log.loc[: spoilt - 1, "weight"] = -1.0
    return log.sort_values("timestamp", ignore_index=True), windows


def run_suite(suite: Suite, frame: pd.DataFrame) -> dict[str, int]:
    narrow = frame[[c for c in used_columns(suite) if c in frame]]
    return {o.check: o.unexpected for o in Engine().run(suite, narrow, "incoming")}


def validated(suite: Suite, log: pd.DataFrame, windows: pd.DataFrame) -> dict[str, int]:
    frame = log.assign(**facts(log, windows, LIMITS))
    counts = run_suite(suite, frame)
    marked = faults("interactions", frame, LIMITS)
    if marked:
        bad = np.logical_or.reduce(list(marked.values()))
        failed = tuple(e for e in suite.expectations if counts[e["meta"]["check"]])
        left = replace(suite, expectations=failed)
        run_suite(left, frame[~bad].reset_index(drop=True))
    return counts


def bare_checks(frame: pd.DataFrame) -> dict[str, int]:
    """What each expectation about rows asks, as a line of pandas; counts bad rows."""
    weight, seconds = frame["weight"], frame["duration_seconds"]
    bad = {
        "null_user": frame["user_id"].isna(),
        "null_item": frame["item_id"].isna(),
        "null_time": frame["timestamp"].isna(),
        "null_end": frame["ends_at"].isna(),
        "null_weight": weight.isna(),
        "null_event": frame["event"].isna(),
        "duplicate": frame.duplicated(KEY, keep=False),
        "absurd_time": frame["timestamp"] < EARLIEST,
        "future_time": frame["timestamp"] > LATEST,
        "ends_before_start": frame["ends_at"] <= frame["timestamp"],
        "bad_duration": (seconds <= 0) | (seconds > CONFIG.max_duration_seconds),
        "bad_weight": (weight <= 0) | (weight > np.finfo(np.float32).max),
        "unknown_event": ~frame["event"].isin(CONFIG.events or ()),
        "outside_window": frame[OUTSIDE] > CONFIG.window_tolerance_seconds,
        "robot_pace": frame[PEAK] > CONFIG.max_daily_interactions,
        "robot_rhythm": frame[SPREAD] < CONFIG.min_gap_spread,
    }
    return {check: int(mask.sum()) for check, mask in bad.items()}


def bare_facts(log: pd.DataFrame, windows: pd.DataFrame) -> dict[str, pd.Series]:
    """Derive the facts as a pandas script would; here no windows of one item overlap."""
    user = log["user_id"]
    per_day = log.groupby([user, log["timestamp"].dt.floor("D")]).size()
    peak = user.map(per_day.groupby(level=0).max())
    ordered = log[["user_id", "timestamp"]].sort_values(["user_id", "timestamp"])
    gaps = ordered.groupby("user_id")["timestamp"].diff().dt.total_seconds()
    by_user = gaps.groupby(ordered["user_id"])
    spread = (by_user.std(ddof=0) / by_user.mean()).where(
        by_user.size() >= CONFIG.rhythm_min_interactions
    )
    opened = windows.sort_values("starts")
    last = pd.merge_asof(log, opened, left_on="timestamp", right_on="starts", by="item_id")
    late = (last["timestamp"] - last["ends"]).dt.total_seconds().clip(lower=0)
    return {PEAK: peak, SPREAD: user.map(spread), OUTSIDE: late.fillna(np.inf)}


def agree(suite: Suite, frame: pd.DataFrame) -> None:
    ours, bare = run_suite(suite, frame), bare_checks(frame)
    different = {check: (ours[check], n) for check, n in bare.items() if ours[check] != n}
    if different:
        message = f"the two sides count differently: {different}"
        raise SystemExit(message)


if __name__ == "__main__":
    main()
