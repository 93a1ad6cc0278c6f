"""All pairs of ten models on 50,000 events, 10,000 resamples: seconds and peak memory.

Run: ``python -m benchmarks.comparison``. The peer is the same bootstrap with NumPy alone: users
drawn, their rows gathered, means taken, resample by resample; it runs a hundredth of the resamples
and its time is scaled. Both sides run on one thread.
"""

import resource
import time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.turns import in_turns
from onstage.evaluation.pairwise import compare_all


PEER_SHARE = 100


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    tables = {f"model {n}": table(rng, asked.events, n) for n in range(asked.models)}
    few = max(1, asked.resamples // PEER_SHARE)
    with threadpool_limits(1):
        spent, _ = in_turns(
            {
                "ours": lambda: compare_all(tables, resamples=asked.resamples),
                "bare": lambda: gathered(tables, few),
            },
            asked.repeats,
            clock=time.process_time,
            warm=False,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bare = [one * asked.resamples / few for one in spent["bare"]]
    pairs = asked.models * (asked.models - 1) // 2
    figures = [
        Figure(f"compare {pairs} pairs of models", "s", tuple(spent["ours"])),
        ratio("the same bootstrap by gathering rows in NumPy, over ours", bare, spent["ours"]),
        Figure("peak memory of comparing", "MiB", (peak,)),
    ]
    sizes = f"{asked.events:,} events, {asked.resamples:,} resamples, {asked.models} models"
    tell(f"{sizes}; CPU seconds of one thread", figures, asked.output)


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


def gathered(tables: dict[str, pd.DataFrame], resamples: int) -> None:
    values = np.column_stack([one["ndcg_at_10"].to_numpy() for one in tables.values()])
    rng = np.random.default_rng(2)
    for _ in range(resamples):
        values[rng.integers(len(values), size=len(values))].mean(axis=0)


if __name__ == "__main__":
    main()
