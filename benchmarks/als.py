"""ALS: Onstage against bare implicit on the same matrix, and with the BLAS variable set and unset.

Run: ``python -m benchmarks.als`` (``--help`` for the sizes). Each environment is a process of its
own, in which both sides take turns; the median counts. Bare implicit is given the finished
confidence matrix, Onstage the data set. implicit is to be run with ``OPENBLAS_NUM_THREADS=1``; the
last lines show what forgetting it costs, and that Onstage does not depend on it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any


UNSET, ONE = "unset", "1"
SETTINGS: dict[str, Any] = {"factors": 64, "regularization": 0.1, "iterations": 5}
ALPHA = 15.0


def main() -> None:
    arguments = parsed()
    if arguments.child:
        print(json.dumps(measured(arguments)))
        return
    seconds = {env: child(env) for env in (ONE, UNSET)}
    best = seconds[ONE]["bare"]
    print(
        f"{arguments.rows:,} rows, {arguments.users:,} users, {arguments.items:,} items; {SETTINGS}"
    )
    print(f"median of {arguments.repeats} fits; {os.cpu_count()} cores")
    for side in ("bare", "ours"):
        for env in (ONE, UNSET):
            taken = seconds[env][side]
            print(
                f"  {side:4}  OPENBLAS_NUM_THREADS={env:5}  {taken:7.2f} s  {taken / best:5.2f} x"
            )
    ours = seconds[UNSET]["ours"]
    print(f"ours over bare implicit, both with 1: {seconds[ONE]['ours'] / best:.2f}")
    print(f"ours unset over ours with 1: {ours / seconds[ONE]['ours']:.2f} (target at most 1.2)")
    print(f"ours unset over bare implicit with 1: {ours / best:.2f} (target at most 1.2)")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as cores")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def child(openblas: str) -> dict[str, float]:
    """Measure in a process whose environment differs in one variable."""
    env = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    env["OMP_WAIT_POLICY"] = "PASSIVE"
    if openblas != UNSET:
        env["OPENBLAS_NUM_THREADS"] = openblas
    command = [sys.executable, "-m", "benchmarks.als", "--child", *sys.argv[1:]]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def measured(arguments: argparse.Namespace) -> dict[str, float]:
    import numpy as np
    import pandas as pd
    from implicit.cpu.als import AlternatingLeastSquares

    from onstage.data.clock import Clock
    from onstage.data.dataset import Dataset
    from onstage.models.als import Als, AlsConfig
    from onstage.models.config import FitOptions

    rng = np.random.default_rng(0)
    popular = 1 / np.arange(1, arguments.items + 1) ** 0.8
    table = pd.DataFrame(
        {
            "user_id": rng.integers(arguments.users, size=arguments.rows),
            "item_id": rng.choice(arguments.items, arguments.rows, p=popular / popular.sum()),
            "timestamp": np.arange(arguments.rows),
        }
    )
    data = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=1))
    confidence = data.matrix.copy()
    confidence.data = 1 + np.float32(ALPHA) * np.log1p(confidence.data)

    def bare() -> None:
        model = AlternatingLeastSquares(random_state=1, num_threads=arguments.threads, **SETTINGS)
        model.fit(confidence, show_progress=False)

    def ours() -> None:
        config = AlsConfig(alpha=ALPHA, weighting="log", **SETTINGS)
        Als(config).fit(data, FitOptions(seed=1, threads=arguments.threads))

    sides: dict[str, Callable[[], None]] = {"bare": bare, "ours": ours}
    taken: dict[str, list[float]] = {side: [] for side in sides}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # implicit's own about the variable
        for _ in range(arguments.repeats):
            for side, fit in sides.items():
                start = time.perf_counter()
                fit()
                taken[side].append(time.perf_counter() - start)
    return {side: statistics.median(seconds) for side, seconds in taken.items()}


if __name__ == "__main__":
    main()
