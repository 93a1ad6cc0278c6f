"""The raw files: same bytes, days that append, sums that agree, and nothing half-written."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.data.simulate import writer
from onstage.data.simulate.calibration import calibration_table, kumu_figures, twitch_figures
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.kumu import CHANNEL_COLUMNS, CHANNELS, GAMESHOW, LIVESTREAM, RELATIONS
from onstage.data.simulate.targets import read_marginals
from onstage.data.simulate.twitch import FILE
from onstage.data.simulate.writer import simulate
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.data.tables import read_table
from onstage.errors import ConfigError, SourceError, StoreError


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SHAPES = ["kumu", "twitch"]
LOG = ["user", "stream", "streamer", "start", "stop"]


def tiny(shape: str, **changes: object) -> SimulationConfig:
    start = {"shape": shape, "users": 250, "streamers": 100, "days": 14, "seed": 2}
    return SimulationConfig.model_validate(start | changes)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def log(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / FILE, names=LOG)


def watch_log(folder: Path) -> pd.DataFrame:
    parts = [pd.read_csv(folder / name) for name in LIVESTREAM]
    parts = [part.rename(columns={"viewer_id": "user_id"}) for part in parts]
    return pd.concat([*parts, pd.read_csv(folder / GAMESHOW)], ignore_index=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    shape: str, tmp_path: Path
) -> None:
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        simulate(tiny(shape, seed=seed), tmp_path / name, truth=True)
    first, same, other = (digests(tmp_path / name) for name in "abc")
    assert first == same
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_threads_do_not_change_the_bytes(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from onstage.data.simulate.config import SimulationConfig;"
        "from onstage.data.simulate.writer import simulate;"
        "simulate(SimulationConfig(users=120, streamers=60, days=7), Path(sys.argv[1]))"
    )
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / threads)],
            check=True,
            cwd=ROOT,
            env=os.environ | dict.fromkeys(names, threads),
        )
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_a_twitch_log_of_day_nine_is_what_had_stopped_of_day_ten(tmp_path: Path) -> None:
    for day in (9, 10, 14):
        simulate(tiny("twitch"), tmp_path / str(day), until_day=day)
    nine, ten, all_days = (log(tmp_path / name) for name in ("9", "10", "14"))
    assert 0 < len(nine) < len(ten) < len(all_days)
    for later in (ten, all_days):
        stopped = later[later["stop"] <= 9 * 144].reset_index(drop=True)
        pd.testing.assert_frame_equal(nine, stopped)


def test_kumu_channels_are_appended_day_by_day(tmp_path: Path) -> None:
    for day in (9, 10):
        simulate(tiny("kumu"), tmp_path / str(day), until_day=day)
    nine, ten = ((tmp_path / day / CHANNELS).read_bytes() for day in ("9", "10"))
    assert ten.startswith(nine)
    known = pd.read_csv(tmp_path / "9" / CHANNELS)["channel_id"]
    later = watch_log(tmp_path / "10")
    before = later[later["channel_id"].isin(known)].reset_index(drop=True)
    pd.testing.assert_frame_equal(watch_log(tmp_path / "9"), before)
    assert len(before) < len(later)


def test_kumu_tables_agree_with_each_other(tmp_path: Path) -> None:
    counts = simulate(tiny("kumu"), tmp_path)
    entries, channels = watch_log(tmp_path), pd.read_csv(tmp_path / CHANNELS)
    assert tuple(channels.columns) == CHANNEL_COLUMNS
    assert len(channels.columns) == 22
    assert len(entries) == counts["rows"]
    watched = entries.groupby("channel_id").agg(
        viewers=("user_id", "nunique"), seconds=("duration", "sum")
    )
    joined = channels.set_index("channel_id").join(watched).fillna({"viewers": 0, "seconds": 0})
    assert len(watched) == counts["broadcasts"] <= len(channels)
    assert set(watched.index) <= set(channels["channel_id"])
    assert (joined["total_viewer"] == joined["viewers"]).all()
    assert (joined["total_watch_duration"] == joined["seconds"]).all()
    starts, ends = (
        pd.to_datetime(channels[name], format="%Y-%m-%d %H:%M:%S %Z", utc=True)
        for name in ("live_start_time", "live_end_time")
    )
    assert ((ends - starts).dt.total_seconds() == channels["duration"]).all()
    assert ends.max() <= pd.Timestamp("2021-06-21", tz="UTC")
    each = entries.groupby(["user_id", "channel_id"], as_index=False)["duration"].sum()
    each = each.merge(channels[["channel_id", "streamer_id", "duration"]], on="channel_id")
    assert (each["duration_x"] <= each["duration_y"]).all()
    assert (entries["duration"] > 0).all()
    assert len(entries) > len(each)  # some watches were interrupted
    relations = pd.read_csv(tmp_path / RELATIONS)
    views = each.groupby(["user_id", "streamer_id"]).size()
    stated = relations.set_index(["viewer_id", "streamer_id"])["view_count"]
    assert stated.sort_index().tolist() == views.sort_index().tolist()
    assert relations["comment_count"].sum() == channels["comment_count"].sum() > 0
    assert relations["coin_count"].sum() == channels["coin_count"].sum() > 0


def test_rows_inside_the_period_one_per_user_and_broadcast(tmp_path: Path) -> None:
    counts = simulate(tiny("twitch"), tmp_path)
    rows = log(tmp_path)
    assert counts["rows"] == len(rows)
    assert counts["streamers"] == rows["streamer"].nunique()
    assert counts["broadcasts"] == rows["stream"].nunique()
    assert (rows["stop"] > rows["start"]).all()
    assert rows["start"].min() >= 0
    assert rows["stop"].max() <= 14 * 144
    assert not rows.duplicated(["user", "stream"]).any()
    assert not rows[["stream", "streamer"]].drop_duplicates().duplicated("stream").any()
    assert rows["user"].is_monotonic_increasing
    assert rows["user"].value_counts().min() >= 5


@pytest.mark.parametrize(("shape", "clock"), [("kumu", Clock()), ("twitch", None)])
def test_the_preset_reads_what_the_simulator_writes(
    shape: str, clock: Clock | None, tmp_path: Path
) -> None:
    raw, tables = tmp_path / "raw", tmp_path / "tables"
    counts = simulate(tiny(shape), raw)
    tables.mkdir()
    config = DataConfig.model_validate({"preset": shape, "folder": str(raw)})
    ingest(config, clock or Clock(kind="step", step_seconds=600), tables)
    table = read_table(tables, "interactions")
    assert len(table) == counts["pairs" if shape == "kumu" else "rows"]
    assert table["user_id"].nunique() == counts["users"]
    assert table["item_id"].nunique() == counts["streamers"]


def test_a_day_outside_the_period_is_refused(tmp_path: Path) -> None:
    for day in (0, 15):
        with pytest.raises(ConfigError, match=f"until_day {day}: must be from 1 to .* 14 days"):
            simulate(tiny("twitch"), tmp_path / "x", until_day=day)
    assert not (tmp_path / "x").exists()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(tiny("twitch"), tmp_path, truth=True)
    before = digests(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writer, "watch", full)
    with pytest.raises(StoreError, match="No space left on device; choose a writable folder"):
        simulate(tiny("twitch", seed=9), tmp_path, truth=True)
    assert digests(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write the simulated log"):
        simulate(tiny("twitch"), tmp_path / "file" / "inside")


def test_another_simulation_does_not_keep_the_old_truth(tmp_path: Path) -> None:
    simulate(tiny("twitch"), tmp_path, truth=True)
    assert (tmp_path / "truth" / "simulation.json").exists()
    simulate(tiny("twitch", seed=9), tmp_path)
    assert not (tmp_path / "truth").exists()


def test_the_figures_of_a_log_can_be_checked_by_hand(tmp_path: Path) -> None:
    rows = [
        (1, 10, "ann", 0, 1),
        (1, 11, "bob", 5, 8),
        (1, 12, "ann", 400, 402),
        (2, 12, "ann", 399, 405),
    ]
    pd.DataFrame(rows).to_csv(tmp_path / FILE, header=False, index=False)
    figures = twitch_figures(tmp_path)
    assert (figures["rows"], figures["users"], figures["broadcasts"]) == (4, 2, 3)
    assert figures["watch length, mean"] == (1 + 3 + 2 + 6) / 4
    assert figures["pairs of user and streamer"] == 3  # 1-ann, 1-bob, 2-ann
    assert figures["rows of a pair watched before"] == 1 - 3 / 4
    assert figures["viewers of the top streamer"] == 2
    assert figures["streamers with one viewer"] == 1 / 2
    assert figures["lifetime per user, median"] == (400 + 0) / 2
    assert figures["recency per user, median"] == (5 + 6) / 2
    assert figures["live streamers per test event"] == 1
    assert figures["test targets watched before"] == 1  # user 1 knew ann; user 2 has one row


def test_a_small_simulation_is_not_held_to_the_size_of_the_real_log(tmp_path: Path) -> None:
    simulate(tiny("twitch"), tmp_path)
    table = calibration_table(tmp_path, "twitch").set_index("figure")
    assert list(table.columns) == ["target", "simulated", "ratio"]
    assert np.isnan(table.loc["rows", "target"])
    assert table.loc["rows per user, least", "ratio"] == 1.0
    assert table.loc["watch length, mean", "ratio"] == pytest.approx(1, abs=0.25)


def test_kumu_marginals_are_near_the_notebook(tmp_path: Path) -> None:
    simulate(tiny("kumu", users=2_000, streamers=800, days=42), tmp_path)
    figures = kumu_figures(tmp_path)
    for name, target in (("25 %", 957), ("median", 1_784), ("75 %", 2_635), ("mean", 3_346)):
        assert figures[f"duration, {name}"] == pytest.approx(target, rel=0.2)
    assert figures["users who watched once"] == pytest.approx(0.2, abs=0.03)


def test_no_log_to_compare_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no simulated kumu log"):
        calibration_table(tmp_path, "kumu")
    with pytest.raises(SourceError, match="expected the three files"):
        read_marginals(tmp_path)


@pytest.mark.realdata
def test_the_real_marginals_say_what_is_known_of_the_log(data: Path) -> None:
    figures = read_marginals(data / "twitch-marginals")
    assert figures["pairs of user and streamer"] == 1_505_158
    assert figures["rows of a pair watched before"] == pytest.approx(1 - 1_505_158 / 3_051_733)
    assert figures["rows per user, 75 %"] == 39
