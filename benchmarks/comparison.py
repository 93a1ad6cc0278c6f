"""All pairs of ten models on 50,000 events, 10,000 resamples: seconds and peak memory.

Run: ``python -m benchmarks.comparison``. The peer is the same bootstrap with NumPy alone: users
drawn, their rows gathered, means taken, resample by resample; it runs a hundredth of the resamples
and its time is scaled.
"""

import argparse
import resource
import statistics
import time

import numpy as np
import pandas as pd

from onstage.evaluation.pairwise import compare_all


PEER_SHARE = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    tables = {f"model {n}": table(rng, asked.events, n) for n in range(asked.models)}
    ours = [timed(tables, asked.resamples) for _ in range(asked.repeats)]
    peer = gathered(tables, max(1, asked.resamples // PEER_SHARE)) * PEER_SHARE
    middle = statistics.median(ours)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pairs = asked.models * (asked.models - 1) // 2
    print(f"{asked.events:,} events, {asked.resamples:,} resamples, {pairs} pairs of models")
    spread = f"{min(ours):.2f} to {max(ours):.2f}"
    print(f"Onstage         {middle:8.2f} s ({spread}), peak {peak:,.0f} MiB")
    print(f"NumPy, gathered {peer:8.2f} s (scaled from 1/{PEER_SHARE}), {peer / middle:.1f} x")


def table(rng: np.random.Generator, events: int, number: int) -> pd.DataFrame:
    values = rng.random(events) + 0.01 * number
    every = np.arange(events)
    return pd.DataFrame(
        {
            **dict.fromkeys(("event", "user_id", "timestamp"), every),
            "group": "all",
            "n_relevant": 1,
            "n_candidates": 800,
            "fallback": False,
            "ndcg_at_10": values,
        }
    )


def timed(tables: dict[str, pd.DataFrame], resamples: int) -> float:
    start = time.perf_counter()
    compare_all(tables, resamples=resamples)
    return time.perf_counter() - start


def gathered(tables: dict[str, pd.DataFrame], resamples: int) -> float:
    start = time.perf_counter()
    values = np.column_stack([one["ndcg_at_10"].to_numpy() for one in tables.values()])
    rng = np.random.default_rng(2)
    for _ in range(resamples):
        values[rng.integers(len(values), size=len(values))].mean(axis=0)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
