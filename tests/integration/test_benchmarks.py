"""Every registered benchmark runs at a tiny size and says what it found; no time is judged."""

import importlib
import json
import logging
import math
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks import pipeline
from benchmarks.figure import Figure, figures_of, read
from benchmarks.page import BEGIN, END, write
from benchmarks.record import Entry, Record
from benchmarks.registry import BENCHMARKS, Benchmark, named
from flows.stack.postgres import binaries


ROOT = Path(__file__).parents[2]
UNINSTALLED = {
    *(() if binaries() else ("sweep_postgres",)),
    *(one.name for one in BENCHMARKS if one.torch and find_spec("torch") is None),
}
"""Benchmarks that need a program or a package which is not installed."""
TIMES = {"process_seconds": 20.0, "fit_seconds": 10.0, "evaluate_seconds": 6.0}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, no real data, peers from this environment, one retrain made up."""
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONSTAGE_DATA", str(tmp_path / "absent"))
    monkeypatch.setenv("ONSTAGE_BENCH_PEERS", "here")
    monkeypatch.setenv("ONSTAGE_PROGRESS", "0")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # ranx would compile for a minute
    monkeypatch.chdir(ROOT)
    made = {"times": TIMES | {"other_seconds": 4.0}}
    monkeypatch.setattr(pipeline, "retrain", lambda *_, **__: made)  # tests/e2e runs the real one
    return tmp_path


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "benchmark", [one for one in BENCHMARKS if one.tiny is not None], ids=lambda one: one.name
)
def test_a_benchmark_runs_at_a_tiny_size(
    benchmark: Benchmark, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"benchmarks.{benchmark.name}"
    if (ROOT / "benchmarks" / benchmark.name).is_dir():
        module += ".__main__"
    output = alone / "figures.json"
    words = [*(benchmark.words("tiny") or ()), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", [benchmark.name, *words])
    level = logging.getLogger("onstage").level
    importlib.import_module(module).main()
    assert logging.getLogger("onstage").level == level  # a later test reads our warnings
    about, figures = read(output)
    assert about
    if not figures:  # it needs what is not here, and says so
        assert "left out" in about or "not here" in about
        assert benchmark.real or benchmark.name in UNINSTALLED
    assert len({(one.what, one.unit) for one in figures}) == len(figures)
    for one in figures:
        assert one.what
        assert one.unit in {"", "s", "ms", "us", "x", "%", "/s", "MiB", "GiB"}
        assert all(math.isfinite(value) for value in one.values)


def test_every_command_is_registered_and_every_name_is_a_command() -> None:
    folder = ROOT / "benchmarks"
    commands = {
        path.stem
        for path in folder.glob("*.py")
        if path.stem != "__main__" and "def main(" in path.read_text()
    } | {path.parent.name for path in folder.glob("*/__main__.py")}
    assert commands - {"results"} == {one.name for one in BENCHMARKS}  # results: `make results`


def test_what_is_not_part_of_a_form_has_no_words_for_it() -> None:
    assert named("ratings_sweep").words("short") is None
    assert named("ratings_sweep").words("full") == []


def test_an_unknown_benchmark_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(KeyError, match="no benchmark is called 'al': choose from startup, als"):
        named("al")


@pytest.mark.parametrize(
    ("values", "bounds", "met"),
    [
        ((1.0, 9.0, 2.0), {"at_most": 2.0}, True),  # the median, 2, counts
        ((1.0, 3.0), {"at_most": 1.9}, False),  # (1 + 3) / 2 = 2
        ((5.0,), {"at_least": 5.0}, True),
        ((5.0,), {}, None),
    ],
)
def test_a_target_is_met_by_the_median(
    values: tuple[float, ...], bounds: dict[str, Any], met: bool | None
) -> None:
    assert Figure("something", "s", values, **bounds).met is met


def test_a_figure_survives_json() -> None:
    figure = Figure("a fit", "x", (1.0, 2.0), at_most=1.2)
    assert figures_of(json.loads(json.dumps([vars(figure)]))) == (figure,)


def test_the_table_has_a_row_a_figure_and_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    page, kept = tmp_path / "page.md", tmp_path / "short.json"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    figures = (Figure("a fit", "s", (1.0, 3.0, 2.0)), Figure("a ratio", "x", (1.5,), at_most=1.2))
    entry = Entry("als", "--repeats 3", "about it", figures, 12.0, (1.0, 2.0), "2026-01-02")
    Record.read(kept, "short").with_entry(entry).write(kept)
    write([Record.read(kept, "short"), Record.read(tmp_path / "none.json", "full")], page)
    text = page.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert "old" not in text
    assert "| a fit | 2 s | 1 to 3 | 3 |  |" in text
    assert "| a ratio | 1.5 x |  | 1 | at most 1.2: **missed** |" in text
    assert "`python -m benchmarks.als --repeats 3`" in text
    assert "load 1.0 to 2.0" in text
    assert "the full form" not in text  # nothing was measured in it


def test_a_form_without_a_record_keeps_its_section(tmp_path: Path) -> None:
    page, kept = tmp_path / "page.md", tmp_path / "kept.json"
    page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    none = tmp_path / "none.json"
    for form, value in (("full", 1.25), ("short", 2.5), ("short", 3.5)):
        figures = (Figure(f"a {form} fit", "s", (value,)),)
        entry = Entry("als", "", "", figures, 1.0, (0.0, 0.0), "2026-01-02")
        record = Record.read(none, form).with_entry(entry)
        record.write(kept)
        other = "short" if form == "full" else "full"
        records = {form: Record.read(kept, form), other: Record.read(none, other)}
        write([records["short"], records["full"]], page)
    text = page.read_text()
    assert text.count("## Measured: the short form") == 1
    assert text.count("## Measured: the full form") == 1
    assert "| a full fit | 1.25 s |" in text
    assert "| a short fit | 3.5 s |" in text
    assert "2.5 s" not in text


def test_where_nothing_is_kept_the_page_keeps_its_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\nold\n{END}\n")
    with pytest.raises(ValueError, match="nothing measured is kept here: run `python -m bench"):
        write([Record.read(tmp_path / "none.json", "short")], page)
    assert "old" in page.read_text()


def test_a_benchmark_that_runs_again_replaces_its_own_entry_only(tmp_path: Path) -> None:
    kept = tmp_path / "short.json"
    for name, value in (("als", 1.0), ("bpr", 2.0), ("als", 3.0)):
        entry = Entry(name, "", "", (Figure("f", "s", (value,)),), 1.0, (0.0, 0.0), "2026-01-02")
        Record.read(kept, "short").with_entry(entry).write(kept)
    entries = Record.read(kept, "short").entries
    assert {name: one.figures[0].values for name, one in entries.items()} == {
        "als": (3.0,),
        "bpr": (2.0,),
    }
