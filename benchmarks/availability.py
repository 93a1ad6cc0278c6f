"""The availability index of the 3-million-row twin against a scan of the table for each step.

Run: ``python -m benchmarks.availability`` (``--folder`` for the files of ``onstage simulate FOLDER
--shape twitch --scale twitch100k``; without it they are simulated first, some minutes; ``--users``
for a quick look). The scan is measured on a sample of steps, as ``start <= t < stop`` over all rows
and the distinct streamers of what remains, and extrapolated to all steps; index and sort are
measured in the same run, in turn. The answers of both are compared on the sample.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from onstage.availability.files import load_index, save_index
from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.types import Ticks


NAMES = [Columns.USER, Columns.BROADCAST, Columns.ITEM, Columns.TIME, Columns.ENDS_AT]
REPEATS = 5


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


def seconds(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def peak() -> float:
    """Most memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measure(data: Dataset, sample: int) -> None:
    before = peak()
    index = built(data)
    grown = peak() - before
    steps = np.arange(int(data.time[0]), int(ends_of(data).max()))
    chosen = np.random.default_rng(0).choice(steps, sample, replace=False)
    for step in chosen:
        if not np.array_equal(index.live_at(int(step)), scan(data, int(step))):
            message = f"step {step}: the index and the scan differ"
            raise RuntimeError(message)
    shuffled = np.random.default_rng(1).permutation(len(data))
    item, start = data.item[shuffled], data.time[shuffled]
    sort = seconds(lambda: np.lexsort((start, item)))
    build = seconds(lambda: built(data))
    look = seconds(lambda: [index.live_at(int(step)) for step in steps])
    scanned = seconds(lambda: [scan(data, int(step)) for step in chosen], 1) / sample * len(steps)
    sizes = index.candidates(steps).sizes()
    arrays = (*index.windows, index.sets.live, index.sets.indptr, index.sets.change_time)
    held = sum(a.nbytes for a in (*arrays, index.sets.change_item, index.sets.instants)) / 2**20
    print(f"{len(data):,} rows, {data.n_items:,} streamers, {len(index.item):,} merged windows")
    print(f"{len(steps):,} steps, {sizes.mean():,.0f} live on average, {sizes.max():,} at most")
    print(f"build the index               {build:8.3f} s")
    print(f"look all steps up             {look:8.3f} s  {1e6 * look / len(steps):.0f} us each")
    print(f"scan the table for each step  {scanned:8.1f} s  (from {sample} steps)")
    print(f"one sort of the rows by item and start {sort:.3f} s")
    print(f"scan / (build + look up) = {scanned / (build + look):.0f}x; target at least 30x")
    print(f"build / sort             = {build / sort:.2f}x; target at most 3x")
    print(f"the index holds {held:.0f} MiB; peak while building {grown:.0f} MiB above the log's "
          f"arrays; the process {peak():.0f} MiB")  # fmt: skip


def on_disk(data: Dataset) -> None:
    """Append the last day's rows instead of a rebuild; save, map and ask once."""
    late = data.time >= int(data.time[-1]) - 144
    index = built(data.where(~late))
    rows = data.where(late)
    append = seconds(lambda: index.appended(rows.item, rows.time, ends_of(rows)))
    with tempfile.TemporaryDirectory() as name:
        save = seconds(lambda: save_index(index, Path(name)), 1)
        load = seconds(lambda: load_index(Path(name)).live_at(3_000))
    print(f"append the last day ({len(rows):,} rows) {append:.3f} s; save {save:.3f} s; "
          f"map and look one step up {1e3 * load:.1f} ms")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=100)
    chosen = parser.parse_args()
    if chosen.folder is not None:
        data = read(chosen.folder)
    else:
        config = SimulationConfig.twitch100k().model_copy(update={"users": chosen.users})
        with tempfile.TemporaryDirectory() as name:
            simulate(config.model_copy(update={"shape": "twitch"}), Path(name))
            data = read(Path(name))
    measure(data, chosen.sample)
    on_disk(data)


if __name__ == "__main__":
    main()
