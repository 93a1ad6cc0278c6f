"""Top 10 of every user from a fitted SVD: array products against Surprise's own ``test``.

Run: ``python -m benchmarks.ratings_topk``. Surprise, in an environment of its own, answers one
user's unseen items as ``test(build_anti_testset())`` would: the same pairs, one user after the
other, since the whole list of tuples does not fit in memory on larger data. It is timed on a sample
of users and scaled to all. Both fit with the same seed, and their estimates are compared on all the
pairs of the sample. Data: the ratings of MovieLens below ONSTAGE_DATA, else ratings drawn from a
factor model. The second part ranks so many users that all scores at once would not fit.
"""

import argparse
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.ratings_fit import save
from benchmarks.ratings_here import ratings_here
from benchmarks.worker import ONE_THREAD, Worker
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions
from onstage.models.ratings.svd import Svd, SvdConfig
from onstage.models.ratings.target import Ratings
from onstage.seeds import generator, integer


K = 10
NEW = RepeatPolicy(kind="exclude")
SEED = 1


def main() -> None:
    asked = parsed()
    name, ratings = ratings_here(0)
    data = dataset_of(ratings)
    model = Svd(SvdConfig(n_factors=asked.factors)).fit(data, FitOptions(seed=SEED))
    seed = integer(generator(SEED, "fit", "svd"))  # what the model gives Surprise
    users = generator(0, "bench", "users").choice(ratings.n_users, asked.sample, replace=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.npz"
        save(path, ratings, users)
        words = "surprise_svd", "test", path, asked.factors, seed
        with Worker("surprise", *words, environment=ONE_THREAD) as surprise, threadpool_limits(1):
            ours, theirs = rounds(model, data, surprise, asked.repeats)
        worst = gap(model, ratings, users, np.load(path.with_name("answers.npy")))
    scaled = [one * ratings.n_users / asked.sample for one in theirs]
    tuples = anti_testset(ratings)
    figures = [
        ratio("top 10 of all users: Surprise's test over ours", scaled, ours, at_least=200),
        Figure("top 10 of all users, ours", "s", tuple(ours)),
        Figure("largest difference of an estimate", "", (worst,), at_most=1e-9),
        Figure("top 10 of all users, ours, peak", "MiB", (peak(model, data),)),
        Figure("Surprise's whole anti-testset", "GiB", (tuples / 2**30,)),
        *large(asked.large, asked.factors),
    ]
    about = (
        f"{name}: {ratings.n_users:,} users, {ratings.n_items:,} items, {asked.factors} factors; "
        f"Surprise on {asked.sample} users, scaled to all; CPU seconds of one thread"
    )
    tell(about, figures, asked.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--sample", type=int, default=12, help="users that Surprise answers")
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", type=int, default=100_000, help="users of the second part")
    return parser.parse_args()


def dataset_of(ratings: Ratings) -> Dataset:
    """The ratings as a log in which all happened at once."""
    rows = len(ratings)
    ids = pd.RangeIndex(ratings.n_users), pd.RangeIndex(ratings.n_items)
    users, items = (pd.Index(np.asarray(one, dtype=np.int64)) for one in ids)
    clock, weight = Clock(kind="step", step_seconds=1), ratings.value.astype(np.float32)
    now = np.zeros(rows, dtype=np.int64)
    return Dataset(users, items, clock, ratings.user, ratings.item, now, weight)


def rounds(
    model: Svd, data: Dataset, surprise: Worker, repeats: int
) -> tuple[list[float], list[float]]:
    """Processor seconds of both, in turns; the first round warms up."""
    ours, theirs = [], []
    for _ in range(repeats + 1):
        began = time.process_time()
        found = top(model, data.users)
        ours.append(time.process_time() - began)
        theirs.append(float(surprise.ask()["cpu"]))
        assert found == K * data.n_users  # noqa: S101
    return ours[1:], theirs[1:]


def top(model: Svd, users: pd.Index) -> int:
    """Rank for every user what they have not had; how many rows that gives."""
    return len(model.recommend(users, k=K, repeat=NEW))


def gap(
    model: Svd, ratings: Ratings, users: NDArray[np.int64], theirs: NDArray[np.float64]
) -> float:
    """Largest difference of an estimate, over all unseen pairs of the sample."""
    every = np.arange(ratings.n_items)
    unseen = [np.setdiff1d(every, ratings.item[ratings.user == user]) for user in users]
    asked = np.repeat(users, [len(items) for items in unseen])
    return float(np.abs(model.estimates(asked, np.concatenate(unseen)) - theirs).max())


def anti_testset(ratings: Ratings) -> float:
    """Bytes that Surprise's list of all unseen pairs would take."""
    one = sys.getsizeof((0, 0, 0.0)) + 8 + sys.getsizeof(0.5)
    return float(one) * (ratings.n_users * ratings.n_items - len(ratings))


def peak(model: Svd, data: Dataset) -> float:
    """MiB that answering takes at most, the model not counted."""
    tracemalloc.start()
    model.recommend(data.users, k=K, repeat=NEW)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 2**20


def large(n_users: int, factors: int, n_items: int = 10_000) -> list[Figure]:
    """Time and memory at a size where all scores at once would not fit."""
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(n_users), 5)
    item = rng.integers(n_items, size=len(user))
    ratings = Ratings(user, item, rng.integers(1, 6, len(user)).astype(float), n_users, n_items)
    data = dataset_of(ratings)
    model = Svd(SvdConfig(n_factors=factors))
    state = {
        "seen": np.array([3.0, 1.0, 5.0]),
        "user_bias": rng.normal(0, 0.3, n_users),
        "item_bias": rng.normal(0, 0.3, n_items),
        "user_factors": rng.normal(0, 0.1, (n_users, factors)),
        "item_factors": rng.normal(0, 0.1, (n_items, factors)),
    }
    model.restore(data, state)
    began = time.process_time()
    with threadpool_limits(1):
        top(model, data.users)
    spent = time.process_time() - began
    size = f"{n_users:,} users x {n_items:,} items"
    dense = 8 * n_users * n_items / 2**20
    return [
        Figure(f"top 10 of all users, {size}, ours", "s", (spent,)),
        Figure(f"top 10 of all users, {size}, ours, peak", "MiB", (peak(model, data),)),
        Figure(f"all scores of {size} at once", "MiB", (dense,)),
    ]


if __name__ == "__main__":
    main()
