"""Metrics of stored lists against RecTools, rs_metrics and ranx: the same values, and CPU seconds.

Run: ``python -m benchmarks.metrics`` (``--help`` for the sizes). Every peer lives in an environment
of its own, which the first run makes (a minute or two each, from the package index). Everybody
computes six metrics at depth 10 of the same lists on one thread, in turns: random lists of 10
items, 1 to 10 relevant ones a user. RecTools and rs_metrics are measured from tables, as their
documentation has it, rs_metrics from dictionaries made before as well; ranx after its functions are
compiled, from its own structures made before.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.worker import ONE_THREAD, Worker, rounds_of, seconds


K: Final = 10
GAP: Final = 1e-9
NAMES: Final = {
    "ndcg": "ndcg_at_10",
    "hitrate": "hr_at_10",
    "precision": "precision_at_10",
    "recall": "recall_at_10",
    "mrr": "mrr_at_10",
    "mapr": "map_at_10",
}
"""What the peers' workers call them; where n <= 10 and lists are full, all conventions are one."""
PEERS: Final = {
    "RecTools, from tables": ("rectools", "metrics_rectools", ()),
    "rs_metrics, from tables": ("rs_metrics", "metrics_rs_metrics", ("tables",)),
    "rs_metrics, from dictionaries": ("rs_metrics", "metrics_rs_metrics", ("dictionaries",)),
    "ranx, compiled, own structures": ("ranx", "metrics_ranx", ()),
}


def main() -> None:
    asked = parsed()
    chosen = {label: one for label, one in PEERS.items() if one[0] in asked.peers}
    drew = drawn(asked.users, asked.items)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "lists.npz"
        np.savez(path, **drew)
        workers = {
            label: stack.enter_context(
                Worker(peer, script, path, K, *words, environment=ONE_THREAD)
            )
            for label, (peer, script, words) in chosen.items()
        }
        workers["ours"] = stack.enter_context(
            Worker(None, "our_metrics", path, K, environment=ONE_THREAD)
        )
        found = rounds_of(workers, asked.repeats)
    ours = seconds(found["ours"], "cpu")
    figures = [Figure("six metrics from tables, ours (CPU)", "s", tuple(ours))]
    figures += [
        ratio(f"six metrics: {label}, over ours (CPU)", seconds(found[label], "cpu"), ours)
        for label in chosen
    ]
    gap = max(largest_gap(found["ours"][0], found[label][0]) for label in chosen)
    figures.append(Figure("largest difference of a metric", "", (gap,), at_most=GAP))
    pairs = len(drew["relevant_user"])
    about = f"{asked.users:,} users, lists of {K}, {pairs:,} relevant pairs, {len(NAMES)} metrics"
    tell(about, figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    names = sorted({peer for peer, _, _ in PEERS.values()})
    parser.add_argument("--peers", nargs="+", choices=names, default=names)
    return parser.parse_args()


def largest_gap(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """How far the two are apart in any metric."""
    return max(abs(ours["values"][key] - theirs["values"][name]) for name, key in NAMES.items())


def drawn(n_users: int, n_items: int) -> dict[str, NDArray[np.int64]]:
    """Lists and relevant items: a relevant item is in the list by luck, and often put there."""
    rng = np.random.default_rng(0)
    top = np.sort(rng.integers(0, n_items - K, (n_users, K)), axis=1) + np.arange(K)  # distinct
    top = rng.permuted(top, axis=1)
    sizes = rng.integers(1, K + 1, n_users)
    user = np.repeat(np.arange(n_users), sizes)
    lucky = rng.random(len(user)) < 0.3
    item = np.where(
        lucky, top[user, rng.integers(0, K, len(user))], rng.integers(0, n_items, len(user))
    )
    pairs = np.unique(user * n_items + item)
    return {
        "user": np.repeat(np.arange(n_users), K),
        "item": top.ravel(),
        "rank": np.tile(np.arange(1, K + 1), n_users),
        "relevant_user": pairs // n_items,
        "relevant_item": pairs % n_items,
    }


if __name__ == "__main__":
    main()
