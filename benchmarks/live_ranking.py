"""Top 10 among 300 live items of 20,000: candidates only, against ranking the whole catalogue.

Run: ``python -m benchmarks.live_ranking`` (``--help`` for the sizes). Everybody uses the same
random factors on one thread and answers the same requests; the median of several runs counts.

* dense: NumPy, all scores by one product a batch, the absent masked, ``argpartition``;
* implicit, in an environment of its own: its ``recommend`` over the whole catalogue, and with
  ``items=`` the live ones;
* Onstage, shared: everybody asks at one instant, 300 live items for all;
* Onstage, own: every request has its own 300 live items.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.worker import ONE_THREAD, Worker
from onstage.availability.candidates import Candidates
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.evaluation.blocks import gathered
from onstage.models.als import Als, AlsConfig
from onstage.models.ordering import best


K = 10
BATCH = 250


def main() -> None:
    asked = parsed()
    model, data = fitted(asked)
    rng = np.random.default_rng(1)
    requests = Requests(np.arange(asked.users), np.full(asked.users, len(data)))
    live = np.sort(rng.choice(asked.items, asked.live, replace=False))
    shared = Candidates.shared(live, asked.users)
    own = different(rng, asked)
    rivals: dict[str, Callable[[], int]] = {
        "dense": lambda: dense(model, live, asked.users),
        "shared": lambda: onstage(model, requests, shared, data),
        "own": lambda: onstage(model, requests, own, data),
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack, threadpool_limits(1):
        path = Path(folder) / "factors.npz"
        np.savez(path, users=model.user_factors, items=model.item_factors, live=live)
        peers = {
            f"implicit, {among}": stack.enter_context(
                Worker("implicit", "implicit_rank", path, K, among, environment=ONE_THREAD)
            )
            for among in ("all", "live")
        }
        spent = measured(rivals, peers, asked.repeats, asked.users * K)
    of = f"{asked.live} live of {asked.items:,}"
    figures = [
        Figure(f"rank {of}, shared by all", "s", tuple(spent["shared"])),
        ratio("dense top-k of the catalogue over ours, live shared", spent["dense"],
              spent["shared"], at_least=5),
        ratio("dense top-k of the catalogue over ours, own live of each", spent["dense"],
              spent["own"]),
        ratio("implicit, whole catalogue, over ours, live shared", spent["implicit, all"],
              spent["shared"]),
        ratio("implicit with items=live over ours, live shared", spent["implicit, live"],
              spent["shared"]),
    ]  # fmt: skip
    about = f"{asked.users:,} requests, top {K} of {of}, {asked.factors} factors, one thread"
    tell(f"{about}; CPU seconds", figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=5_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--live", type=int, default=300)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def fitted(arguments: argparse.Namespace) -> tuple[Als, Dataset]:
    """A model with random factors in which every user and item is known."""
    rng = np.random.default_rng(0)
    n = max(arguments.users, arguments.items)
    data = Dataset(
        pd.RangeIndex(arguments.users),
        pd.RangeIndex(arguments.items),
        Clock(kind="step", step_seconds=1),
        np.arange(n) % arguments.users,
        np.arange(n) % arguments.items,
        np.arange(n),
        np.ones(n, dtype=np.float32),
    )
    state = {
        "user_factors": rng.normal(size=(arguments.users, arguments.factors)).astype(np.float32),
        "item_factors": rng.normal(size=(arguments.items, arguments.factors)).astype(np.float32),
    }
    model = Als(AlsConfig(factors=arguments.factors))
    model.restore(data, state)
    return model, data


def different(rng: np.random.Generator, arguments: argparse.Namespace) -> Candidates:
    """As many live items for every request, but others."""
    users, live = arguments.users, arguments.live
    sets = [np.sort(rng.choice(arguments.items, live, replace=False)) for _ in range(users)]
    return Candidates(np.arange(users + 1) * live, np.concatenate(sets), np.arange(users))


def dense(model: Als, live: NDArray[np.int64], users: int) -> int:
    absent = np.ones(len(model.item_factors), dtype=np.bool_)
    absent[live] = False
    found = 0
    for low in range(0, users, BATCH):
        scores = model.user_factors[low : low + BATCH] @ model.item_factors.T
        np.negative(scores, out=scores)
        scores[:, absent] = np.inf
        top = np.argpartition(scores, K, axis=1)[:, :K]
        order = np.argsort(np.take_along_axis(scores, top, axis=1), axis=1)
        found += np.take_along_axis(top, order, axis=1).size
    return found


def onstage(model: Als, requests: Requests, pool: Candidates, data: Dataset) -> int:
    popularity = np.append(data.item_counts, 0).astype(np.float32)  # the last one is padding
    return sum(
        best(block.scores, popularity[block.items], K).size
        for block in gathered(model.scored(requests, pool), data.n_items)
    )


def measured(
    rivals: dict[str, Callable[[], int]], peers: dict[str, Worker], rounds: int, wanted: int
) -> dict[str, list[float]]:
    """Processor seconds of each, taking turns; the first round warms up."""
    spent: dict[str, list[float]] = {name: [] for name in (*rivals, *peers)}
    for number in range(rounds + 1):
        for name in spent:
            if name in peers:
                answer = peers[name].ask()
                found, taken = answer["found"], answer["cpu"]
            else:
                began = time.process_time()
                found = rivals[name]()
                taken = time.process_time() - began
            if found != wanted:
                message = f"{name}: {found} recommendations, expected {wanted}"
                raise RuntimeError(message)
            if number:
                spent[name].append(taken)
    return spent


if __name__ == "__main__":
    main()
