"""Rank every test event of the twin of Twitch 100k by the ranker, all live streamers of each.

Run: ``python -m benchmarks.ranker`` (``--log FILE`` to use a log that ``onstage simulate`` wrote,
``--users 5000`` for a quick look). Prints wall and processor seconds of fitting and of ranking, and
the peak memory. Target: all events ranked in under 60 s on two cores.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, tell
from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.models.config import FitOptions
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol


COLUMNS = ["user_id", "stream", "item_id", "timestamp", "ends_at"]
GROUPS = (("all", None), ("repeat", True), ("unseen", False))

Result = TypeVar("Result")


def main() -> None:
    arguments = _arguments()
    data = _log(arguments)
    index = AvailabilityIndex.from_interactions(data)
    exam = holdouts(LiveProtocol(track="B"), data, index).test
    sizes = exam.candidates.sizes()
    model = Ranker(RankerConfig())
    options = FitOptions(threads=arguments.threads, availability=index)
    _, fitting = _timed(lambda: model.fit(exam.train, options))
    ranks, ranking = _timed(lambda: _ranks(model, exam))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    figures = [
        Figure("rank all events by the ranker", "s", (ranking[0],), at_most=60),
        Figure("rank all events by the ranker, CPU", "s", (ranking[1],)),
        Figure("fit the ranker", "s", (fitting[0],)),
        Figure("fit the ranker, CPU", "s", (fitting[1],)),
        Figure("peak memory of fitting and ranking", "GiB", (peak,)),
    ]
    for group, repeat in GROUPS:
        some = ranks if repeat is None else ranks[exam.repeat == repeat]
        gain = np.where(some < 11, 1 / np.log2(some + 1), 0.0)
        figures.append(Figure(f"NDCG@10, {group} ({len(some):,})", "", (float(gain.mean()),)))
    about = (
        f"{len(data):,} rows, {data.n_users:,} users, {data.n_items:,} streamers; {len(exam):,} "
        f"events, {sizes.mean():.0f} live on average, {sizes.sum():,} pairs, "
        f"{arguments.threads} threads"
    )
    tell(about, figures, arguments.output)


def _ranks(model: Ranker, exam: Holdout) -> np.ndarray:
    """Mean rank of the target of every event; the first look at the history included."""
    model.observe(exam.past)
    ranks = np.zeros(len(exam))
    for rows, items, scores in model.scored(exam.requests, exam.candidates):
        target = scores[0, np.searchsorted(items, exam.relevant[rows[0]])]
        ahead, tied = np.sum(scores[0] > target), np.sum(scores[0] == target)
        ranks[rows[0]] = ahead + (tied + 1) / 2
    return ranks


def _timed(run: Callable[[], Result]) -> tuple[Result, tuple[float, float]]:
    """What it returns, with wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def _log(arguments: argparse.Namespace) -> Dataset:
    if arguments.log is not None:
        return _read(arguments.log)
    config = SimulationConfig.twitch100k(seed=0).model_copy(update={"users": arguments.users})
    with tempfile.TemporaryDirectory() as folder:
        simulate(config, Path(folder))
        return _read(next(Path(folder).glob("*.csv")))


def _read(file: Path) -> Dataset:
    table = pd.read_csv(file, names=COLUMNS, header=None).drop(columns="stream")
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


def _arguments() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--log", type=Path, help="a file in the layout of Twitch 100k")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
