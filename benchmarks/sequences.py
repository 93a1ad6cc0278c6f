"""Sequence models: seconds an epoch, and LiveRec against the slow way on the same positions.

Run: ``OMP_WAIT_POLICY=PASSIVE python -m benchmarks.sequences`` (``--users 100000`` for the size of
Twitch 100k). Two parts, each left out with a line where it cannot run:

* ``liverec``: the released defaults on twitch105k, an epoch of ours (2,000 windows of 16 targets),
  beside forward and backward of the slow way (one state at a time, PyTorch's own attention) on a
  few windows, taking turns on one thread;
* ``sasrec``: a simulated twin, the newest 16 targets of every user. An epoch is every target once,
  one pass over all users, 4 live negatives each.
"""

import argparse
import resource
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.liverec_ablation import read
from benchmarks.turns import in_turns
from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.models.config import FitOptions
from onstage.models.sequence.config import LiverecConfig, SasrecConfig, SequenceConfig
from onstage.models.sequence.windows import Windows
from onstage.settings import load_settings
from onstage.splitting.build import holdouts
from onstage.splitting.protocol import LiveProtocol


COLUMNS = ("user_id", "stream", "item_id", "timestamp", "ends_at")


def main() -> None:
    arguments = parsed()
    if find_spec("torch") is None:
        tell("needs torch (`make deep`): left out", [], arguments.output)
        return
    path = load_settings().data / "twitch105k" / "twitch105k.csv"
    figures = liverec(read(path), arguments) if path.exists() else []
    figures += sasrec(arguments)
    left_out = "" if path.exists() else "; LiveRec needs twitch105k under ONSTAGE_DATA: left out"
    about = (
        f"epochs of LiveRec (released defaults) and of SASRec on a twin of Twitch 100k{left_out}"
    )
    tell(about, figures, arguments.output)


def liverec(data: Dataset, arguments: argparse.Namespace) -> list[Figure]:
    from onstage.models.sequence.engine import single_torch

    index = AvailabilityIndex.from_interactions(data)
    train = holdouts(LiveProtocol(track="A"), data, index).validation.train
    config = LiverecConfig.released()
    fitting = made(config, train, index, arguments.threads)
    size = f"{len(fitting.trainer.windows):,} windows, {fitting.threads} threads"
    wall = epochs(fitting, arguments.epochs)
    single = made(config, train, index, 1)
    few = Windows(
        single.trainer.windows.tokens,
        single.trainer.windows.times,
        single.trainer.windows.starts[: arguments.windows],
        single.trainer.windows.lengths[: arguments.windows],
    )
    single.trainer.windows = few
    with single_torch():
        sides = {"ours": single.epoch, "slow": lambda: slow(single)}
        spent, _ = in_turns(sides, arguments.repeats, clock=time.process_time, warm=False)
    what = f"{arguments.windows} windows of LiveRec, one thread (CPU)"
    return [
        Figure(f"an epoch of LiveRec, {size}", "s", tuple(wall)),
        ratio(f"{what}: the slow way over ours", spent["slow"], spent["ours"]),
        Figure(f"{what}, ours", "s", tuple(spent["ours"])),
    ]


def slow(fitting: Any) -> None:  # noqa: ANN401  # imported late: needs torch
    """Losses and gradients of the same windows, one state after the other."""
    import torch

    from onstage.models.sequence.net.losses import binary
    from onstage.models.sequence.net.noise import Noise
    from onstage.models.sequence.pools import contest
    from onstage.testing.liverec import naive_scores

    trainer = fitting.trainer
    network, rng = trainer.network, np.random.default_rng(0)
    batch = trainer.windows.batch(np.arange(len(trainer.windows)))
    rivals = contest(network.config, batch, trainer.live, rng)
    noise = Noise(None, 0.0)
    p = network.parameters
    states = network._states(p, batch, batch.tokens, noise)  # noqa: SLF001  # the slow way's start
    buckets = network.repeats.of(batch, rivals.tokens)
    scores = naive_scores(p, network.config, states, rivals.tokens, *buckets, network.largest)
    asked = torch.from_numpy(rivals.queries)
    loss = binary(scores.gather(1, asked.clamp(min=0)), asked >= 0)
    torch.autograd.grad(loss, list(p.values()), allow_unused=True)


def sasrec(arguments: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        config = SimulationConfig.twitch100k(seed=0).model_copy(update={"users": arguments.users})
        simulate(config, Path(name))
        (log,) = (p for p in Path(name).glob("*.csv") if "truth" not in p.name)
        table = pd.read_csv(log, header=None, names=list(COLUMNS))
    data = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))
    index = AvailabilityIndex.from_interactions(data)
    model = SasrecConfig(
        window=16, prefixes="last", loss="sampled", negatives=4, batch=256, lazy=True
    )
    fitting = made(model, data, index, arguments.threads)
    targets = int(fitting.trainer.windows.lengths.sum())
    size = f"{data.n_users:,} users, {targets:,} targets, {fitting.threads} threads"
    wall = epochs(fitting, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        Figure(f"an epoch of SASRec, {size}", "s", tuple(wall)),
        Figure("peak memory of the sequence models", "GiB", (peak,)),
    ]


def made(  # noqa: ANN201  # imported late: needs torch
    config: SequenceConfig, data: Dataset, index: AvailabilityIndex, threads: int
):
    from onstage.models.sequence.net.fitting import Fitting

    windows = Windows.of(data, config.window, config.prefixes)
    options = FitOptions(threads=threads, availability=index)
    return Fitting(config, data, windows, np.random.default_rng(0), options)


def epochs(fitting: Any, number: int) -> list[float]:  # noqa: ANN401
    """Wall seconds of each epoch."""
    spent, _ = in_turns({"epoch": fitting.epoch}, number, warm=False)
    return spent["epoch"]


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=5_000, help="of the twin; full: 100000")
    parser.add_argument("--epochs", type=int, default=2, help="of LiveRec")
    parser.add_argument("--windows", type=int, default=40, help="for the slow way")
    parser.add_argument("--repeats", type=int, default=3, help="of the slow way")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    return parser.parse_args()


if __name__ == "__main__":
    main()
