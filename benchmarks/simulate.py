"""Simulate the twin of Twitch 100k: wall time, peak memory, and its marginals beside the real ones.

Run: ``python -m benchmarks.simulate`` (``--users 5000`` for a quick look, ``--shape kumu`` for the
other platform). Real per-user and per-streamer totals are used where ``ONSTAGE_DATA`` has them.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, tell
from onstage.data.simulate.calibration import calibration_table
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.settings import load_settings


FAR = 0.2


def main() -> None:
    arguments = _arguments()
    config = SimulationConfig.twitch100k(seed=arguments.seed)
    if arguments.shape == "kumu":
        config = SimulationConfig(shape="kumu", users=arguments.users, seed=arguments.seed)
    else:
        config = config.model_copy(update={"users": arguments.users})
    marginals = load_settings().data / "twitch-marginals"
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        counts = simulate(config, Path(name))
        wall = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        table = calibration_table(
            Path(name), config.shape, marginals if marginals.is_dir() else None
        )
    _print(table)
    far = 100 * float((np.abs(table["ratio"] - 1) > FAR).mean())
    figures = [
        Figure("simulate", "s", (wall,)),
        Figure("rows simulated", "/s", (counts["rows"] / wall,)),
        Figure("peak memory of simulating", "GiB", (peak,)),
        Figure(f"figures off by more than {FAR:.0%}", "%", (far,)),
    ]
    about = f"{config.shape}: " + ", ".join(f"{value:,} {what}" for what, value in counts.items())
    tell(about, figures, arguments.output)


def _print(table: pd.DataFrame) -> None:
    print("\n| figure | target | simulated | ratio |\n| --- | ---: | ---: | ---: |")
    for row in table.to_dict("records"):
        values = " | ".join(_shown(row[c]) for c in ("target", "simulated"))
        print(f"| {row['figure']} | {values} | {row['ratio']:.2f} |")
    far = table[np.abs(table["ratio"] - 1) > FAR]
    names = ", ".join(f"{f} ({r:.2f})" for f, r in zip(far["figure"], far["ratio"], strict=True))
    print(f"\noff by more than {FAR:.0%}: {names or 'none'}")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _arguments() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--shape", choices=["twitch", "kumu"], default="twitch")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
