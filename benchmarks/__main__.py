"""Run the benchmarks, keep what they find, and write the table of ``docs/benchmarks.md``.

``python -m benchmarks`` runs the short form of all, ``--full`` the sizes that are quoted (hours),
``--only NAME …`` some of them, ``--list`` says what there is.
Every benchmark is a process of its own. What was found is kept below ``bench`` of the home folder,
one file a form, and renewed benchmark by benchmark; ``--write`` makes the table of both forms.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import page
from benchmarks.figure import read
from benchmarks.machine import load
from benchmarks.record import Entry, Record
from benchmarks.registry import BENCHMARKS, Benchmark, named
from onstage.settings import load_settings


ROOT = Path(__file__).parents[1]


def main() -> int:
    asked = parsed()
    if asked.list:
        print(listed())
        return 0
    form = asked.form or ("full" if asked.full else "short")
    chosen = [named(name) for name in asked.only] if asked.only else list(BENCHMARKS)
    failed = [] if asked.write and not asked.only else run_all(chosen, form)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    if asked.write:
        try:
            page.write([Record.read(kept(one), one) for one in ("short", "full")])
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    return len(failed)


def run_all(chosen: list[Benchmark], form: str) -> list[str]:
    """Run each that is part of the form, keep what it found at once; who failed."""
    failed = []
    for benchmark in chosen:
        words = benchmark.words(form)
        if words is None:
            continue
        print(f"== {benchmark.name} {' '.join(words)}", flush=True)
        entry = run(benchmark, words)
        if entry is None:
            failed.append(benchmark.name)
        else:
            Record.read(kept(form), form).with_entry(entry).write(kept(form))
    return failed


def run(benchmark: Benchmark, words: list[str]) -> Entry | None:
    """One benchmark in a process of its own; None where it fails."""
    with tempfile.TemporaryDirectory(prefix="onstage-bench-") as name:
        output = Path(name) / "figures.json"
        command = [sys.executable, "-m", f"benchmarks.{benchmark.name}", *words]
        before, began = load(), time.perf_counter()
        done = subprocess.run([*command, "--output", str(output)], cwd=ROOT, check=False)
        seconds = time.perf_counter() - began
        if done.returncode or not output.is_file():
            return None
        about, figures = read(output)
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    loads = (before, load())
    return Entry(benchmark.name, " ".join(words), about, figures, seconds, loads, date)


def kept(form: str) -> Path:
    """The file of one form."""
    return load_settings().home / "bench" / f"{form}.json"


def listed() -> str:
    """What there is, and what it needs."""
    lines = []
    for one in BENCHMARKS:
        forms = "full" if one.short is None else "short, full"
        needs = [what for what, there in (("torch", one.torch), ("real data", one.real)) if there]
        needed = f"; needs {', '.join(needs)}" if needs else ""
        lines.append(f"{one.name:<18}{one.asks} ({forms}{needed})")
    return "\n".join(lines)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--full", action="store_true", help="the sizes that are quoted")
    parser.add_argument("--form", choices=("tiny", "short", "full"), help=argparse.SUPPRESS)
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="some, by name")
    parser.add_argument(
        "--write", action="store_true", help="write docs/benchmarks.md from what is kept"
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
