"""Peak memory of reading, validating and training on a log, by its rows and by ONSTAGE_MEMORY.

Run: ``python -m benchmarks.memory [--rows 3,10] [--memory 512MiB,2GiB] [--steps ingest]``. Each
figure is the largest resident set of a process of its own, imports included. Rows are simulated:
ids are text, a tenth of the rows repeat a pair and an instant and are summed. ``ingest`` is bounded
by ONSTAGE_MEMORY; ``validate`` and ``train`` hold the table, and it is said how much.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import yaml

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.machine import peak
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace


COLUMNS = {"user_id": "u", "item_id": "i", "timestamp": "t", "duration_seconds": "d"}
INTERACTIONS = {
    "columns": COLUMNS,
    "weight": "duration",
    "sum_by": ["user_id", "item_id", "timestamp"],
    "time": {"unit": "s"},
}
PART = 500_000


def parts(rows: int) -> Iterator[pa.Table]:
    """A log of `rows` rows, in parts."""
    rng = np.random.default_rng(0)
    size = min(PART, rows)
    for _ in range(0, rows, size):
        users = rng.integers(rows // 30, size=size)
        items = (rng.pareto(1.0, size=size) * 500).astype(np.int64) % 100_000
        times = 1_700_000_000 + rng.integers(86_400 * 60, size=size)
        again = rng.random(size) < 0.1
        source = rng.integers(size, size=size)
        for column in (users, items, times):
            column[again] = column[source[again]]
        yield pa.table(
            {
                "u": pa.array([f"user-{n}" for n in users]),
                "i": pa.array([f"item-{n}" for n in items]),
                "t": times,
                "d": rng.integers(1, 4000, size=size),
            }
        )


def written(rows: int, folder: Path, kind: str) -> Path:
    path = folder / f"log-{rows}.{kind}"
    first = next(parts(rows)).schema
    if kind == "csv":
        with pyarrow.csv.CSVWriter(path, first) as text:
            for part in parts(rows):
                text.write_table(part)
    else:
        with pq.ParquetWriter(path, first) as columns:
            for part in parts(rows):
                columns.write_table(part)
    return path


def one(config: str, step: str) -> None:
    """Do a step and those before it, and print what this one took: MiB and seconds."""
    workspace = Workspace.open(config)
    made = _done(workspace, step)
    print(f"{peak():.0f} {made:.1f}")


def _done(workspace: Workspace, step: str) -> float:
    from expectations.step import validated
    from onstage.pipeline.exams import accepted_log
    from onstage.pipeline.ingestion import ingested

    began = time.perf_counter()
    log: Reference = ingested(workspace)
    if step != "ingest":
        began = time.perf_counter()
        log = validated(workspace, log)
    if step == "train":
        began = time.perf_counter()
        dataset = accepted_log(workspace, log).dataset
        dataset.matrix.sum()
    return time.perf_counter() - began


def measured(config: Path, home: Path, step: str, memory: str) -> tuple[float, float]:
    env = {**os.environ, "ONSTAGE_HOME": str(home), "ONSTAGE_MEMORY": memory,
           "ONSTAGE_PROGRESS": "0"}  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.memory", "--one", str(config), step]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    mib, seconds = run.stdout.split()[-2:]
    return float(mib), float(seconds)


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--rows", default="3,10", help="Millions.")
    parser.add_argument("--memory", default="512MiB,2GiB")
    parser.add_argument("--kinds", default="csv,parquet")
    parser.add_argument("--steps", default="ingest,validate,train")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(*arguments.one)
        return
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in (round(float(n) * 1e6) for n in arguments.rows.split(",")):
            for kind in arguments.kinds.split(","):
                path = written(rows, folder, kind)
                config = folder / "memory.yaml"
                data = {"interactions": {"path": str(path), **INTERACTIONS}}
                config.write_text(yaml.safe_dump({"name": "memory", "data": data}))
                for memory in arguments.memory.split(","):
                    home = folder / f"home-{rows}-{kind}-{memory}"
                    took = [
                        (step, *measured(config, home, step, memory))
                        for step in arguments.steps.split(",")
                    ]
                    for done, mib, seconds in took:
                        what = f"{done} of {rows:,} rows, {kind}, ONSTAGE_MEMORY={memory}"
                        figures += [Figure(f"{what}: peak", "MiB", (mib,)),
                                    Figure(what, "s", (seconds,))]  # fmt: skip
                path.unlink()
    tell("largest resident set, a process each", figures, arguments.output)


if __name__ == "__main__":
    main()
