"""The availability index of the 3-million-row twin against a scan of the table for each step.

Run: ``python -m benchmarks.availability`` (``--folder`` for the files of ``onstage simulate FOLDER
--shape twitch --scale twitch100k``; without it they are simulated first, some minutes; ``--users``
for a quick look). The scan is measured on a sample of steps, as ``start <= t < stop`` over all rows
and the distinct streamers of what remains, and extrapolated to all steps; index and sort are
measured in the same run, in turn. The answers of both are compared on the sample.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.turns import in_turns
from onstage.availability.files import load_index, save_index
from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.types import Ticks


NAMES = [Columns.USER, Columns.BROADCAST, Columns.ITEM, Columns.TIME, Columns.ENDS_AT]


def read(folder: Path) -> Dataset:
    (path,) = [p for p in folder.iterdir() if p.suffix in {".csv", ".gz"}]
    table = pd.read_csv(path, header=None, names=NAMES, usecols=[0, 2, 3, 4])
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


def built(data: Dataset) -> AvailabilityIndex:
    """The whole index: merged windows, and the live set of every step."""
    index = AvailabilityIndex.from_interactions(data)
    index.sets  # noqa: B018  # built at the first use
    return index


def ends_of(data: Dataset) -> Ticks:
    return data.time if data.ends is None else data.ends


def scan(data: Dataset, step: int) -> np.ndarray:
    """What is live at one step, from all rows."""
    return np.unique(data.item[(data.time <= step) & (step < ends_of(data))])


def measure(data: Dataset, asked: argparse.Namespace) -> list[Figure]:
    """Build and look up against a scan for each step, and against one sort of the rows."""
    index = built(data)
    steps = np.arange(int(data.time[0]), int(ends_of(data).max()))
    chosen = np.random.default_rng(0).choice(steps, min(asked.sample, len(steps)), replace=False)
    for step in chosen:
        if not np.array_equal(index.live_at(int(step)), scan(data, int(step))):
            message = f"step {step}: the index and the scan differ"
            raise RuntimeError(message)
    shuffled = np.random.default_rng(1).permutation(len(data))
    item, start = data.item[shuffled], data.time[shuffled]
    spent, _ = in_turns(
        {
            "sort": lambda: np.lexsort((start, item)),
            "build": lambda: built(data),
            "look": lambda: [index.live_at(int(step)) for step in steps],
            "scan": lambda: [scan(data, int(step)) for step in chosen],
        },
        asked.repeats,
        clock=time.process_time,
        warm=False,
    )
    scanned = [one / len(chosen) * len(steps) for one in spent["scan"]]
    ours = [a + b for a, b in zip(spent["build"], spent["look"], strict=True)]
    sizes = index.candidates(steps).sizes()
    return [
        ratio("a scan per step over building the index and looking all steps up", scanned, ours,
              at_least=30),
        ratio("building the index over one sort of the rows", spent["build"], spent["sort"],
              at_most=3),
        Figure("build the index", "s", tuple(spent["build"])),
        Figure("look one step up", "us", tuple(1e6 * one / len(steps) for one in spent["look"])),
        Figure("live streamers of a step, mean", "", (float(sizes.mean()),)),
        Figure("the index holds", "MiB", (held(index) / 2**20,)),
    ]  # fmt: skip


def held(index: AvailabilityIndex) -> int:
    """Bytes of its arrays."""
    sets = index.sets
    arrays = (*index.windows, sets.live, sets.indptr, sets.change_time, sets.change_item)
    return sum(one.nbytes for one in (*arrays, sets.instants))


def on_disk(data: Dataset, repeats: int) -> list[Figure]:
    """Append the last day's rows instead of a rebuild; map what was saved and ask once."""
    late = data.time >= int(data.time[-1]) - 144
    index = built(data.where(~late))
    rows = data.where(late)
    with tempfile.TemporaryDirectory() as name:
        save_index(index, Path(name))
        spent, _ = in_turns(
            {
                "append": lambda: index.appended(rows.item, rows.time, ends_of(rows)),
                "map": lambda: load_index(Path(name)).live_at(3_000),
            },
            repeats,
        )
    return [
        Figure("append the last day's rows (wall)", "s", tuple(spent["append"])),
        Figure("map a saved index and look one step up (wall)", "s", tuple(spent["map"])),
    ]


def main() -> None:
    asked = parsed()
    if asked.folder is not None:
        data = read(asked.folder)
    else:
        config = SimulationConfig.twitch100k().model_copy(update={"users": asked.users})
        with tempfile.TemporaryDirectory() as name:
            simulate(config.model_copy(update={"shape": "twitch"}), Path(name))
            data = read(Path(name))
    figures = measure(data, asked) + on_disk(data, asked.repeats)
    about = (
        f"{len(data):,} rows, {data.n_items:,} streamers; the scan on {asked.sample} steps, "
        "scaled to all; CPU seconds but where a row says wall"
    )
    tell(about, figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
