"""ALS: Onstage against bare implicit on the same matrix, and with the BLAS variable set and unset.

Run: ``python -m benchmarks.als`` (``--help`` for the sizes). Each environment is a process of its
own, in which both sides take turns. Bare implicit is given the finished
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
FITS = 2


def main() -> None:
    arguments = parsed()
    if arguments.child:
        print(json.dumps(measured(arguments)))
        return
    rounds = [{env: child(env) for env in (ONE, UNSET)} for _ in range(arguments.repeats)]
    print(
        f"{arguments.rows:,} rows, {arguments.users:,} users, {arguments.items:,} items; {SETTINGS}"
    )
    print(
        f"{arguments.repeats} rounds, medians; {os.cpu_count()} cores, threads={arguments.threads}"
    )
    for side in ("bare", "ours"):
        for env in (ONE, UNSET):
            seconds = statistics.median(one[env][side] for one in rounds)
            print(f"  {side:4}  OPENBLAS_NUM_THREADS={env:5}  {seconds:7.2f} s")
    print("ratios within a round:")
    for name, (over, under) in {
        "ours over bare implicit, both with 1": ((ONE, "ours"), (ONE, "bare")),
        "ours over bare implicit, both unset": ((UNSET, "ours"), (UNSET, "bare")),
        "ours unset over ours with 1 (target at most 1.2)": ((UNSET, "ours"), (ONE, "ours")),
        "bare implicit unset over bare with 1": ((UNSET, "bare"), (ONE, "bare")),
    }.items():
        ratios = [one[over[0]][over[1]] / one[under[0]][under[1]] for one in rounds]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"  {name:50} {statistics.median(ratios):.2f}  ({spread})")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--rows", type=int, default=300_000)
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
        for number in range(1 + FITS):
            for side, fit in sides.items():
                start = time.perf_counter()
                fit()
                if number:  # the first one warms up
                    taken[side].append(time.perf_counter() - start)
    return {side: statistics.median(seconds) for side, seconds in taken.items()}


if __name__ == "__main__":
    main()
