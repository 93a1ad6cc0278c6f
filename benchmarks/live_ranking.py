"""Top 10 among 300 live items of 20,000: candidates only, against ranking the whole catalogue.

Run: ``python -m benchmarks.live_ranking`` (``--help`` for the sizes). Everybody uses the same
random factors on one thread and answers the same requests; the median of several runs counts.

* dense: NumPy, all scores by one product a batch, the absent masked, ``argpartition``;
* implicit: its own ``recommend`` over the whole catalogue, and with ``items=`` the live ones;
* Onstage, shared: everybody asks at one instant, 300 live items for all;
* Onstage, own: every request has its own 300 live items.
"""

import os


for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before NumPy is imported: everybody gets one thread

import argparse  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy import sparse  # noqa: E402

from onstage.availability.candidates import Candidates  # noqa: E402
from onstage.data.clock import Clock  # noqa: E402
from onstage.data.dataset import Dataset  # noqa: E402
from onstage.data.requests import Requests  # noqa: E402
from onstage.evaluation.blocks import gathered  # noqa: E402
from onstage.models.als import Als, AlsConfig  # noqa: E402
from onstage.models.ordering import best  # noqa: E402


K = 10
BATCH = 250


def main() -> None:
    arguments = parsed()
    model, data = fitted(arguments)
    rng = np.random.default_rng(1)
    requests = Requests(np.arange(arguments.users), np.full(arguments.users, len(data)))
    live = np.sort(rng.choice(arguments.items, arguments.live, replace=False))
    shared = Candidates.shared(live, arguments.users)
    own = different(rng, arguments)
    rivals: dict[str, Callable[[], int]] = {
        "dense top-k over the catalogue (NumPy)": lambda: dense(model, live, arguments.users),
        "implicit, the whole catalogue": lambda: implicit(model, None),
        "implicit, items=live": lambda: implicit(model, live),
        "Onstage, live shared by all": lambda: onstage(model, requests, shared, data),
        "Onstage, own live of each": lambda: onstage(model, requests, own, data),
    }
    seconds = medians(rivals, arguments.repeats, arguments.users * K)
    base = seconds["dense top-k over the catalogue (NumPy)"]
    peer = seconds["implicit, the whole catalogue"]
    print(
        f"{arguments.users:,} requests, {arguments.live} live of {arguments.items:,} items, "
        f"{arguments.factors} factors, top {K}, median of {arguments.repeats}"
    )
    for name, taken in seconds.items():
        rate = arguments.users / taken
        print(f"  {name:40} {rate:10,.0f} requests/s  {base / taken:5.1f} x dense  "
              f"{peer / taken:5.1f} x implicit")  # fmt: skip
    print("target: at least 5 x dense where the live are shared")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
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


def implicit(model: Als, live: NDArray[np.int64] | None) -> int:
    from implicit.cpu.als import AlternatingLeastSquares

    bare: Any = AlternatingLeastSquares(factors=model.config.factors, num_threads=1)
    bare.user_factors, bare.item_factors = model.user_factors, model.item_factors
    users = np.arange(len(bare.user_factors))
    nothing = sparse.csr_matrix((len(users), len(bare.item_factors)), dtype=np.float32)
    items, _ = bare.recommend(users, nothing, N=K, filter_already_liked_items=False, items=live)
    return int(items.size)


def onstage(model: Als, requests: Requests, pool: Candidates, data: Dataset) -> int:
    popularity = np.append(data.item_counts, 0).astype(np.float32)  # the last one is padding
    return sum(
        best(block.scores, popularity[block.items], K).size
        for block in gathered(model.scored(requests, pool), data.n_items)
    )


def medians(rivals: dict[str, Callable[[], int]], repeats: int, wanted: int) -> dict[str, float]:
    """Seconds of each, taking turns, so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, run in rivals.items():
            start = time.perf_counter()
            found = run()
            taken[name].append(time.perf_counter() - start)
            if found != wanted:
                message = f"{name}: {found} recommendations, expected {wanted}"
                raise RuntimeError(message)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


if __name__ == "__main__":
    main()
