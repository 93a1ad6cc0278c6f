"""The growth benchmark: its log, its slopes, and that it goes on where it was."""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.growth import measurement, table
from benchmarks.growth.exponents import exponent, steepest
from benchmarks.growth.log import FILE, WINDOWS, Platform, write
from benchmarks.growth.measurement import Measurement, keep, known, of_step
from benchmarks.growth.plot import draw


NAMES = ["user", "stream", "streamer", "start", "stop"]
SMALL = Platform(rows=20_000, users=700, streamers=1_000, live=40)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    write(SMALL, folder)
    return folder


@pytest.fixture(scope="module")
def log(drawn: Path) -> pd.DataFrame:
    return pd.read_csv(drawn / FILE, header=None, names=NAMES)


def test_a_log_is_about_as_long_as_asked(log: pd.DataFrame) -> None:
    assert len(log) == pytest.approx(SMALL.rows, rel=0.06)
    assert log["user"].nunique() == SMALL.users
    assert log["user"].is_monotonic_increasing


def test_a_row_lies_inside_its_broadcast(log: pd.DataFrame, drawn: Path) -> None:
    windows = pd.read_csv(drawn / WINDOWS)
    mine = windows.iloc[log["stream"]].reset_index(drop=True)
    assert (mine["streamer"] == log["streamer"]).all()
    assert (mine["start"] <= log["start"]).all()
    assert (log["start"] < log["stop"]).all()
    assert (log["stop"] <= mine["stop"]).all()


def test_nobody_has_two_rows_of_one_broadcast(log: pd.DataFrame) -> None:
    assert not log.duplicated(["user", "stream"]).any()


def test_as_many_are_live_as_asked(drawn: Path) -> None:
    windows = pd.read_csv(drawn / WINDOWS)
    steps = 43 * 144
    live = (windows["stop"] - windows["start"]).sum() / steps
    assert live == pytest.approx(SMALL.live, rel=0.06)


def test_the_same_seed_draws_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    write(SMALL, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (drawn / FILE).read_bytes()


def test_the_exponent_of_a_power_is_that_power() -> None:
    sizes = [1e5, 1e6, 1e7]
    assert exponent(sizes, [3 * n**1.1 for n in sizes]) == pytest.approx(1.1)
    # flat, then tenfold for tenfold: the last two sizes say 1
    assert steepest(sizes, [5.0, 5.0, 50.0]) == pytest.approx(1.0)
    assert math.isnan(exponent([1e5], [2.0]))


def test_what_was_measured_before_is_known_and_a_later_line_wins(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    for status, seconds in (("memory", 9.0), ("done", 4.0)):
        keep(path, Measurement(1000, "fit", status, seconds, 100.0))
    keep(path, Measurement(100, "fit", "done", 1.0, 50.0))
    found = known(path)
    assert [(one.rows, one.seconds) for one in of_step(found, "fit")] == [(100, 1.0), (1000, 4.0)]
    assert known(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize(
    ("code", "limits", "status"),
    [
        ("x = bytearray(400 << 20)\nimport time; time.sleep(30)", (200.0, 30.0), "memory"),
        ("import time; time.sleep(30)", (10_000.0, 0.3), "time"),
        ("raise SystemExit('no such column')", (10_000.0, 30.0), "failed"),
    ],
)
def test_a_step_that_oversteps_is_ended_and_says_why(
    code: str,
    limits: tuple[float, float],
    status: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = tmp_path / "benchmarks" / "growth"
    module.mkdir(parents=True)
    for folder in (module, module.parent):
        (folder / "__init__.py").write_text("")
    (module / "steps.py").write_text(code)
    monkeypatch.chdir(tmp_path)  # `python -m` looks here first
    monkeypatch.setenv("PYTHONPATH", "")
    assert sys.executable
    made = measurement.measured(
        "fit", 10, tmp_path / "c.yaml", limit_mib=limits[0], limit_seconds=limits[1]
    )
    assert made.status == status
    assert made.message == ("no such column" if status == "failed" else "")


def test_the_table_says_what_was_ended_and_how_steep_the_rest_is(tmp_path: Path) -> None:
    found = [
        Measurement(1_000_000, "fit", "done", 4.0, 1024.0, cpu=2.0, load=3.0),
        Measurement(10_000_000, "fit", "done", 50.0, 5120.0, cpu=20.0, load=5.0),
        Measurement(100_000_000, "fit", "memory", 9.0, 13_000.0),
    ]
    page = tmp_path / "scale.md"
    page.write_text(f"Before.\n{table.BEGIN}\nold\n{table.END}\nAfter.\n")
    table.write(found, ("ingest", "fit"), page)
    text = page.read_text()
    assert "| fit | 2 | 20 | ended: memory | 1.00 | 1.00 |" in text  # processor seconds
    assert "| fit | 1 | 5 | ended: memory | 0.70 | 0.70 |" in text  # log10(5) = 0.70
    assert "3.0 to 5.0" in text
    assert "old" not in text
    assert text.endswith("\nAfter.\n")


def test_the_plot_has_a_line_a_step_with_its_exponent(tmp_path: Path) -> None:
    found = [
        Measurement(rows, step, "done", 1.0, peak_mib=200 + rows / 1000, cpu=rows * factor)
        for step, factor in (("fit", 1e-5), ("split", 2e-6))
        for rows in (100_000, 1_000_000)
    ]
    draw(found, ("ingest", "fit", "split"), tmp_path / "growth.svg")
    text = (tmp_path / "growth.svg").read_text()
    assert text.count("<!-- fit (1.00) -->") == 1  # seconds; memory has its own slope
    assert "<!-- split (1.00) -->" in text
    assert "ingest" not in text
    assert np.char.count(text, "rows of the log") == 2
