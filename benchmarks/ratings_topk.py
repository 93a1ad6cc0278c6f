"""Top 10 of every user from a fitted SVD: array products against Surprise's own ``test``.

Run: ``python -m benchmarks.ratings_topk``. Surprise answers one user's unseen items as
``test(build_anti_testset)`` would: the same pairs, one user after the other, since the whole list
of tuples does not fit in memory on larger data. It is timed on a sample of users and scaled to all;
the scale is printed. Scores are compared on all the pairs of the sample. Data: the ratings of
MovieLens below ONSTAGE_DATA, else ratings drawn from a factor model.
"""

import argparse
import statistics
import sys
import time
import tracemalloc

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.ratings_sweep import ratings_here
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.models.config import FitOptions
from onstage.models.ratings.svd import Svd, SvdConfig
from onstage.models.ratings.target import Ratings
from onstage.models.ratings.trainset import trainset
from onstage.seeds import generator, integer


K = 10
NEW = RepeatPolicy(kind="exclude")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sample", type=int, default=12, help="users that Surprise answers")
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", type=int, default=100_000, help="users of the second part")
    asked = parser.parse_args()
    name, ratings = ratings_here(0)
    data = dataset_of(ratings)
    config = SvdConfig(n_factors=asked.factors)
    model = Svd(config).fit(data, FitOptions(seed=1))
    engine = model._engine(integer(generator(1, "fit", "svd")))  # noqa: SLF001  # the very same fit
    engine.fit(trainset(ratings)[0])
    print(
        f"{name}: {ratings.n_users:,} users, {ratings.n_items:,} items; {config.n_factors} factors"
    )
    users = generator(0, "bench", "users").choice(ratings.n_users, asked.sample, replace=False)
    theirs, worst, size = surprise_seconds(engine, model, ratings, users)
    ours = [timed(model, data.users) for _ in range(asked.repeats)]
    scaled = theirs * ratings.n_users / asked.sample
    one = statistics.median(ours)
    print(
        f"Surprise: {theirs:.2f} s for {asked.sample} users, x {ratings.n_users / asked.sample:.1f}"
        f" = {scaled:.1f} s for all; its anti-testset would hold {size / 2**30:.1f} GiB of tuples"
    )
    memory = peak(model, data)
    print(f"Onstage: {one:.3f} s for all (median of {asked.repeats}), peak {memory:.0f} MiB")
    print(f"{scaled / one:,.0f} times as fast (target 200); largest difference {worst:.1e}")
    large(asked.large, asked.factors)


def dataset_of(ratings: Ratings) -> Dataset:
    """The ratings as a log in which all happened at once."""
    rows = len(ratings)
    ids = pd.RangeIndex(ratings.n_users), pd.RangeIndex(ratings.n_items)
    users, items = (pd.Index(np.asarray(one, dtype=np.int64)) for one in ids)
    clock, weight = Clock(kind="step", step_seconds=1), ratings.value.astype(np.float32)
    now = np.zeros(rows, dtype=np.int64)
    return Dataset(users, items, clock, ratings.user, ratings.item, now, weight)


def surprise_seconds(
    engine: object, model: Svd, ratings: Ratings, users: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Seconds of Surprise on the users' unseen items, the largest difference, bytes of tuples."""
    spent, worst, pairs = 0.0, 0.0, 0
    for user in users.tolist():
        seen = set(ratings.item[ratings.user == user].tolist())
        unseen = [i for i in range(ratings.n_items) if i not in seen]
        began = time.perf_counter()
        answers = engine.test([(user, item, 0.0) for item in unseen])  # type: ignore[attr-defined]
        best = sorted(answers, key=lambda one: -one.est)[:K]
        spent += time.perf_counter() - began
        pairs += len(unseen)
        found = model.estimates(np.full(len(unseen), user), np.array(unseen))
        worst = max(worst, float(np.abs(found - [one.est for one in answers]).max()))
        assert len(best) == K  # noqa: S101
    one = sys.getsizeof((0, 0, 0.0)) + 8 + sys.getsizeof(0.5)
    return spent, worst, pairs / len(users) * ratings.n_users * one


def timed(model: Svd, users: pd.Index) -> float:
    """Seconds of the best K of every user, without what they had."""
    began = time.perf_counter()
    table = model.recommend(users, k=K, repeat=NEW)
    assert len(table) == K * len(users)  # noqa: S101
    return time.perf_counter() - began


def peak(model: Svd, data: Dataset) -> float:
    """MiB that answering takes at most, the model not counted."""
    tracemalloc.start()
    model.recommend(data.users, k=K, repeat=NEW)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 2**20


def large(n_users: int, factors: int, n_items: int = 10_000) -> None:
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
    seconds = timed(model, data.users)
    dense = 8 * n_users * n_items / 2**30
    print(
        f"{n_users:,} users x {n_items:,} items: {seconds:.1f} s, peak {peak(model, data):.0f} MiB "
        f"with the lists of all (all scores at once: {dense:.1f} GiB); {Columns.SCORE}s in blocks"
    )


if __name__ == "__main__":
    main()
