"""Time and peak memory of every step at growing sizes, with exponents and a plot.

Run: ``python -m benchmarks.growth --sizes 100000 300000 1000000``. A log is drawn for each size
(once, kept below ``bench/growth`` of the home folder), and every step runs in a process of its own,
which is ended at ``--limit-gib`` or ``--limit-minutes``. Each measurement is a line of JSON there,
so a broken run goes on where it was (``--again STEP …`` measures anew). The platform stays the same
(20,000 streamers, 900 live on average, 43 days) and viewers grow: 30 rows a user. With ``--shape
full`` it is that of the whole Twitch log: 8 rows a user, 465,000 streamers, windows from watching.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.growth import table
from benchmarks.growth.exponents import exponent, steepest
from benchmarks.growth.log import COUNTS, ITEMS, WINDOWS, Platform, write
from benchmarks.growth.measurement import Measurement, keep, known, measured, of_step
from benchmarks.growth.plot import draw
from benchmarks.growth.steps import STEPS
from onstage.settings import load_settings


SIZES: Final = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000)
STREAMERS: Final = 20_000
FULL: Final = 124_000_000
"""Rows of the whole Twitch log."""
MOST: Final = 1.1
"""Largest exponent that is wanted."""


def main() -> None:
    asked = parsed()
    folder = (asked.folder or load_settings().home / "bench" / "growth" / asked.shape).resolve()
    lines = folder / "measurements.jsonl"
    for rows in asked.sizes or ((FULL,) if asked.shape == "full" else SIZES):
        config = prepared(folder / str(rows), platform(rows, asked.shape), asked)
        done = {one.step for one in known(lines) if one.rows == rows and one.status == "done"}
        for step in asked.steps:
            if step in done and step not in asked.again:
                continue
            for made in (config.parent / "home" / "store").glob(f"{step}-*"):
                shutil.rmtree(made)  # or it would be found again
            limits = {
                "limit_mib": asked.limit_gib * 1024,
                "limit_seconds": asked.limit_minutes * 60,
            }
            one = measured(step, rows, config, **limits)
            keep(lines, one)
            print(line(one), flush=True)
            if one.status != "done":
                break  # the later steps need it
    found = known(lines)
    if asked.plot is not None:
        draw(found, STEPS, asked.plot)
    if asked.write:
        table.write(found, STEPS)
    about = f"growth of the steps, shape {asked.shape}"
    tell(about, figures(found, asked.steps), asked.output)


def platform(rows: int, shape: str) -> Platform:
    """Users and streamers that belong to so many rows."""
    if shape == "full":
        return Platform(rows, max(2, rows // 8), max(20, 465_000 * rows // FULL), live=2_600)
    return Platform(rows, max(2, rows // 30), STREAMERS)


def prepared(folder: Path, made: Platform, asked: argparse.Namespace) -> Path:
    """The log and its configuration; both are kept."""
    config = folder / "growth.yaml"
    if not (folder / "raw" / COUNTS).exists():
        counts = write(made, folder / "raw")
        print(f"drew {json.dumps(counts)}", file=sys.stderr, flush=True)
    data: dict[str, Any] = {"preset": "twitch", "folder": str(folder / "raw")}
    if asked.shape != "full":
        columns = {"item_id": "streamer", "starts": "start", "ends": "stop"}
        data["windows"] = {"path": WINDOWS, "columns": columns}
        data["items"] = {"path": ITEMS, "columns": {"item_id": "streamer"}}
    text = {
        "name": f"growth-{made.rows}",
        "clock": {"kind": "step", "step_seconds": 600},
        "data": data,
        "protocols": [{"kind": "live", "track": "C"}],
        "models": {"factors": {"algorithm": "als", "iterations": asked.iterations}},
    }
    config.write_text(yaml.safe_dump(text))
    return config


def line(one: Measurement) -> str:
    """A measurement for a person."""
    counts = ", ".join(f"{name} {value:,.6g}" for name, value in one.counts.items())
    return (
        f"{one.rows:>12,} {one.step:<10}{one.status:<7}{one.seconds:9.2f} s {one.cpu:8.2f} CPU s "
        f"{one.peak_mib / 1024:6.2f} GiB (at first {one.read_mib / 1024:.2f}) "
        f"load {one.load:.1f}; {counts}{one.message}"
    )


def figures(found: list[Measurement], steps: tuple[str, ...]) -> list[Figure]:
    """Two exponents a step, and what the largest size took."""
    made = []
    for step in steps:
        part = of_step(found, step)
        if not part:
            continue
        sizes = [one.rows for one in part]
        cpu, memory = [one.cpu for one in part], [one.peak_mib for one in part]
        last = f"{step} at {sizes[-1]:,} rows"
        made += [
            Figure(last, "s", (part[-1].seconds,)),
            Figure(f"{last}, CPU", "s", (cpu[-1],)),
            Figure(f"{last}, peak", "MiB", (memory[-1],)),
        ]
        if len(part) > 1:
            span = f"{sizes[0]:,} to {sizes[-1]:,}"
            made += [
                Figure(f"{step}: exponent of CPU time, {span}", "", (exponent(sizes, cpu),), MOST),
                Figure(f"{step}: exponent of CPU time, last two", "", (steepest(sizes, cpu),)),
                Figure(f"{step}: exponent of memory, {span}", "", (exponent(sizes, memory),), MOST),
                Figure(f"{step}: exponent of memory, last two", "", (steepest(sizes, memory),)),
            ]
    return made


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", help="rows")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--again", nargs="+", choices=STEPS, default=(), help="measure anew")
    parser.add_argument("--shape", choices=("same", "full"), default="same")
    parser.add_argument("--iterations", type=int, default=3, help="of ALS")
    parser.add_argument("--limit-gib", type=float, default=14)
    parser.add_argument("--limit-minutes", type=float, default=30)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--plot", type=Path, help="SVG or PNG")
    parser.add_argument("--write", action="store_true", help="write the tables of docs/scale.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
