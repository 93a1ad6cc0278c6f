"""Clean days raise no alarm: simulated ones through Great Expectations, real ones as figures."""

import shutil
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from expectations.arrivals import Batch
from expectations.engine import Engine
from expectations.verdict import judge
from onstage.data.clock import Clock
from onstage.data.profile import Activity, BatchProfile, changes
from onstage.data.quality import Limits, ValidationConfig
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest


pytestmark = pytest.mark.integration

STEPS = Clock(kind="step", step_seconds=600)
CONFIG = ValidationConfig()
DAYS = 30
STEPS_PER_DAY = 144
MEASURES = ("daily_rows", "daily_users", "rows_per_user")


def ingested(data: dict[str, str], clock: Clock, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    ingest(DataConfig.model_validate(data), clock, folder)
    return folder


def day_of(shape: str, day: int, folder: Path) -> Path:
    """The log of a small platform as it stood after so many days, as canonical tables."""
    config = SimulationConfig(shape=shape, users=300, streamers=120)
    simulate(config, folder / "raw", until_day=day)
    data = {"preset": shape, "folder": str(folder / "raw")}
    return ingested(data, STEPS if shape == "twitch" else Clock(), folder / "tables")


def at_the_end_of(shape: str, day: int) -> int:
    """The tick at which a nightly run looks at the first `day` days."""
    if shape == "twitch":
        return day * STEPS_PER_DAY
    return Clock().parse(SimulationConfig().starts + timedelta(days=day))


@pytest.mark.parametrize(("shape", "rows"), [("twitch", 3_000), ("kumu", 3_000)])
def test_thirty_clean_days_raise_no_alarm(shape: str, rows: int, tmp_path: Path) -> None:
    accepted: BatchProfile | None = None
    clock = STEPS if shape == "twitch" else Clock()
    for day in range(1, DAYS + 1):
        limits = Limits.of(CONFIG, clock, now=at_the_end_of(shape, day))
        batch = Batch.of(day_of(shape, day, tmp_path), limits)
        verdict = judge(Engine(), batch, tmp_path, accepted)
        assert verdict.report.passed, (day, verdict.report.failed)
        assert (verdict.report.failures, verdict.report.quarantined) == (0, {}), day
        accepted = verdict.profile
    assert accepted is not None
    assert len(accepted.newest) == 7
    assert accepted.rows > rows


@pytest.mark.realdata
@pytest.mark.parametrize(("preset", "clock"), [("deskdrop", Clock()), ("twitch105k", STEPS)])
def test_every_day_of_a_real_log_stays_within_the_default_bounds(
    preset: str, clock: Clock, data: Path, tmp_path: Path
) -> None:
    tables = ingested({"preset": preset, "folder": str(data / preset)}, clock, tmp_path / "tables")
    limits = Limits.of(CONFIG, clock, None)
    log = next(Batch.of(tables, limits).interactions(tmp_path)).table
    day = clock.ticks(log["timestamp"]) // clock.span(days=1)
    accepted: BatchProfile | None = None
    for last in range(int(day.min()), int(day.max()) + 1):
        batch = log[day <= last].reset_index(drop=True)
        profile = BatchProfile.of(batch, clock)
        if accepted is not None and accepted.rows >= 100:
            assert_within_bounds(batch, profile, accepted)
        accepted = profile


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("preset", "folder", "clock"),
    [
        ("deskdrop", "deskdrop", Clock()),
        ("twitch105k", "twitch105k", STEPS),
        ("movielens", "movielens-latest-small", Clock()),
    ],
)
def test_the_real_logs_pass_with_the_default_configuration(
    preset: str, folder: str, clock: Clock, data: Path, tmp_path: Path
) -> None:
    tables = ingested({"preset": preset, "folder": str(data / folder)}, clock, tmp_path / "tables")
    limits = Limits.of(CONFIG, clock, None)
    report = judge(Engine(), Batch.of(tables, limits), tmp_path, None).report
    assert (report.passed, report.failures, report.quarantined) == (True, 0, {})


def assert_within_bounds(log: pd.DataFrame, profile: BatchProfile, accepted: BatchProfile) -> None:
    changed = changes([Activity.of(log, profile.clock)], profile, accepted, CONFIG.change_noise)
    assert changed is not None
    for measure in MEASURES:
        bounds = getattr(CONFIG, measure)
        assert getattr(changed, f"{measure}_low") >= bounds.low, (measure, changed)
        assert getattr(changed, f"{measure}_high") <= bounds.high, (measure, changed)
    assert changed.total_rows >= CONFIG.total_rows.low
