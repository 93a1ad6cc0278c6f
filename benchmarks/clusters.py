"""Clustering at the size of Twitch 100k: seconds and peak memory of users and of items.

Run: ``python -m benchmarks.clusters`` (``--users 5000 --items 8000`` for a quick look). The rows
have the heavy tails of a live-stream platform; each kind is measured in a process of its own.
"""

import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.figure import Figure, arguments_of, tell


def features(n_rows: int, seed: int) -> pd.DataFrame:
    """Ten features of `n_rows` users or items: few do much, and most give no coins."""
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(1.5, 1.3, n_rows)
    coins = np.where(rng.random(n_rows) < 0.08, rng.lognormal(4.0, 2.0, n_rows), 0.0)
    angle = rng.normal(4.0, 0.9, n_rows)
    return pd.DataFrame(
        {
            "distinct": np.ceil(activity * rng.uniform(0.3, 1.0, n_rows)),
            "active_days": np.minimum(43, np.ceil(activity / rng.uniform(1, 4, n_rows))),
            "repeat_share": rng.beta(1.2, 3.0, n_rows),
            "days_since_last": 43 * rng.beta(0.6, 2.0, n_rows),
            "mean_duration_seconds": rng.lognormal(7.7, 0.8, n_rows),
            "hour_sin": np.sin(angle),
            "hour_cos": np.cos(angle),
            "streams": np.ceil(activity),
            "comments": np.floor(activity * rng.gamma(0.5, 2.0, n_rows)),
            "coins": np.round(coins),
        }
    )


def measure(n_rows: int, mini_batch_above: int, queue: "multiprocessing.Queue[Any]") -> None:
    from onstage.clustering.config import ClusterConfig
    from onstage.clustering.kmeans import cluster

    table = features(n_rows, seed=0)
    config = ClusterConfig(mini_batch_above=mini_batch_above)
    cluster(table.head(500), config)  # imports
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    began, spent = time.perf_counter(), time.process_time()
    made = cluster(table, config)
    wall, processor = time.perf_counter() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    queue.put((made.method.split(" (")[0], made.k, wall, processor, peak, peak - base))


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=162_000)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    figures = []
    for kind, n_rows, above in (
        ("users", asked.users, 20_000),
        ("items", asked.items, 20_000),
        ("users, never by mini-batches", asked.users, 10**9),
    ):
        process = context.Process(target=measure, args=(n_rows, above, queue))
        process.start()
        method, k, wall, processor, peak, grown = queue.get()
        process.join()
        what = f"cluster {n_rows:,} {kind}: {method}, k = {k}"
        figures += [
            Figure(what, "s", (wall,)),
            Figure(f"{what}, CPU", "s", (processor,)),
            Figure(f"{what}, peak", "GiB", (peak,)),
            Figure(f"{what}, peak above imports", "GiB", (grown,)),
        ]
    about = "elbow of k = 1 to 14, silhouettes of 2,000 rows, three scalings; one thread"
    tell(about, figures, asked.output)


if __name__ == "__main__":
    main()
