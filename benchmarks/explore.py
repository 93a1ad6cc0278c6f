"""Explore a log of the size of Kumu's: wall time and peak memory of each step.

Run: ``python -m benchmarks.explore`` (``--users 2000`` for a quick look, ``--folder`` for simulated
files that are there already). Simulates the five raw files, then runs ingest, survey, validation
and exploration in a process each, since the peak of a process (its resident memory) only grows.
After them the whole command, ``onstage explore``, from raw files to MLflow, in an empty home.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figure import Figure, arguments_of, tell


STEPS = ("ingest", "survey", "validate", "explore")
GIB = 2**20  # ru_maxrss counts KiB
CONFIG = """\
name: kumu-big
clock: {kind: utc}
data: {preset: kumu, folder: FOLDER}
"""


def main() -> None:
    arguments = parsed()
    if arguments.step:
        run_step(arguments.step, arguments.config)
        return
    with tempfile.TemporaryDirectory() as name:
        figures: list[Figure] = []
        folder = arguments.folder or simulated(Path(name) / "raw", arguments.users, arguments.seed)
        config = Path(name) / "kumu-big.yaml"
        config.write_text(CONFIG.replace("FOLDER", json.dumps(str(folder.resolve()))))
        for step in arguments.steps:
            words = ["-m", "benchmarks.explore", "--step", step, "--config", str(config)]
            figures += measured(step, words, Path(name) / "steps")
        if not arguments.steps_only:
            words = ["-m", "flows.cli", "explore", str(config), "--json"]
            figures += measured("onstage explore", words, Path(name) / "whole")
            figures += measured("the same again", words, Path(name) / "whole")
    about = f"explore a log like Kumu's, {arguments.users:,} users; a process a step"
    tell(about, figures, arguments.output)


def simulated(folder: Path, users: int, seed: int) -> Path:
    words = ["simulate", str(folder), "--shape", "kumu", "--users", str(users), "--json"]
    began = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-m", "flows.cli", *words, "--seed", str(seed)],
        check=True,
        capture_output=True,
        text=True,
    )
    counts = json.loads(told.stdout)
    wall = time.perf_counter() - began
    print(f"simulated {counts['pairs']:,} watches in {counts['rows']:,} log rows, {wall:.0f} s")
    return folder


def measured(name: str, words: list[str], home: Path) -> list[Figure]:
    """Run a process: wall seconds and the peak of its resident memory."""
    environment = {
        **os.environ,
        "ONSTAGE_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "ONSTAGE_PROGRESS": "0",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    told = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        message = f"{name} failed with status {status}"
        raise SystemExit(message)
    rows = json.loads(told.strip() or "{}").get("rows", "")
    title = f"{name}, {rows:,} rows" if isinstance(rows, int) else name
    return [
        Figure(title, "s", (wall,)),
        Figure(f"{title}, peak", "GiB", (usage.ru_maxrss / GIB,)),
    ]


def run_step(step: str, config: Path) -> None:
    """Run one step, those before it being there already; print how many rows of the log it saw."""
    from expectations.step import validated
    from onstage.pipeline.exploring import explored, surveyed
    from onstage.pipeline.ingestion import ingested
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(config)
    tables = ingested(workspace)
    rows = int(tables.counts["interactions"])
    if step == "survey":
        rows = int(surveyed(workspace, tables).counts["interactions"])
    elif step != "ingest":
        log = validated(workspace, tables)
        if step == "explore":
            made = explored(workspace, tables, log, surveyed(workspace, tables))
            rows = int(made.counts["rows"])
    print(json.dumps({"rows": rows}))


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=213_500, help="213,500 make 6.5M watches")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="simulated files that are there already")
    parser.add_argument("--steps-only", action="store_true", help="not the whole command")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
