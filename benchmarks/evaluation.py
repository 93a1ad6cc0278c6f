"""Full-ranking evaluation against ``implicit.evaluation``: the same numbers, and how long it takes.

Run: ``python -m benchmarks.evaluation`` (``--help`` for the sizes). Both sides score the same
random factor matrices on one thread, leave out what is in training, and compute their metrics on
the same hidden pairs. implicit computes 4 metrics at one depth from a list of 10; Onstage computes
the rank of every relevant item among all candidates and 37 metrics with a row per event.
"""

import os


for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_threads] = "1"  # before NumPy is imported: both sides get one thread

import argparse  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy import sparse  # noqa: E402
from typing_extensions import override  # noqa: E402

from onstage.availability.candidates import Candidates  # noqa: E402
from onstage.availability.index import AvailabilityIndex  # noqa: E402
from onstage.availability.repeats import RepeatPolicy  # noqa: E402
from onstage.data.clock import Clock  # noqa: E402
from onstage.data.dataset import Dataset  # noqa: E402
from onstage.data.requests import Requests  # noqa: E402
from onstage.evaluation.evaluate import EventTable, evaluate  # noqa: E402
from onstage.evaluation.summary import summarise, value_of  # noqa: E402
from onstage.models.base import Recommender  # noqa: E402
from onstage.models.config import FitOptions, RecommenderConfig  # noqa: E402
from onstage.models.state import State  # noqa: E402
from onstage.splitting.build import holdouts  # noqa: E402
from onstage.splitting.holdout import Holdout  # noqa: E402
from onstage.splitting.protocol import MaskedProtocol  # noqa: E402
from onstage.types import Positions, Scores  # noqa: E402


K = 10
FACTORS = 128


class Factors(Recommender[RecommenderConfig]):
    """Score by the product of two given matrices: what is measured is the evaluation."""

    def __init__(self, users: NDArray[np.float32], items: NDArray[np.float32]) -> None:
        super().__init__(RecommenderConfig(algorithm="factors"))
        self.users, self.items = users, items

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None: ...

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        chosen = self.items if len(items) == len(self.items) else self.items[items]
        return np.asarray(self.users[requests.users] @ chosen.T, dtype=np.float32)

    @override
    def _state(self) -> State:
        return {}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None: ...


def synthetic(rng: np.random.Generator, users: int, items: int, rows: int) -> Dataset:
    table = pd.DataFrame(
        {
            "user_id": rng.integers(users, size=rows),
            "item_id": (items * rng.random(rows) ** 2).astype(np.int64),
            "timestamp": rng.integers(5_000, size=rows),
        }
    )
    return Dataset.from_interactions(
        table, clock=Clock(kind="step", step_seconds=600), items=range(items)
    )


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median CPU seconds (one thread: wall seconds of an idle machine), and the last result."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        spent.append(time.process_time() - start)
    return statistics.median(spent), result


def against_implicit(rng: np.random.Generator, size: argparse.Namespace) -> None:
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.evaluation import ranking_metrics_at_k

    dataset = synthetic(rng, size.users, size.items, size.rows)
    exam = holdouts(MaskedProtocol(), dataset, AvailabilityIndex.everything(dataset.n_items)).test
    scale = FACTORS**-0.5
    users = rng.normal(scale=scale, size=(dataset.n_users, FACTORS)).astype(np.float32)
    items = rng.normal(scale=scale, size=(dataset.n_items, FACTORS)).astype(np.float32)
    peer = AlternatingLeastSquares(factors=FACTORS, num_threads=1)
    peer.user_factors, peer.item_factors = users, items
    hidden = sparse.csr_matrix(
        (
            np.ones(len(exam.relevant), dtype=np.float32),
            (np.repeat(exam.requests.users, np.diff(exam.relevant_indptr)), exam.relevant),
        ),
        shape=(dataset.n_users, dataset.n_items),
    )
    model = Factors(users, items).fit(exam.train)
    exam.past, exam.train.matrix, exam.train.counts  # noqa: B018  # built once, not measured
    theirs, peer_metrics = timed(
        lambda: ranking_metrics_at_k(
            peer, exam.train.matrix, hidden, K=K, show_progress=False, num_threads=1
        ),
        size.repeats,
    )
    ours, events = timed(lambda: evaluate(model, exam), size.repeats)
    print(f"{len(exam):,} users, {dataset.n_items:,} items, {len(exam.relevant):,} hidden pairs; "
          "CPU seconds, median of several")  # fmt: skip
    print(f"implicit.evaluation  {theirs:7.2f} s  {len(exam) / theirs:9,.0f} users/s")
    print(f"onstage.evaluation   {ours:7.2f} s  {len(exam) / ours:9,.0f} users/s")
    print(f"onstage / implicit   {ours / theirs:7.2f} x the time")
    for key, found in as_implicit(events).items():
        gap = abs(found - peer_metrics[key])
        print(f"{key:<10} implicit {peer_metrics[key]:.6f}  onstage {found:.6f}  gap {gap:.1e}")


def as_implicit(events: EventTable) -> dict[str, float]:
    """Our values in implicit's conventions (its precision is a recall, pooled over users)."""
    whole = events[events["group"] == "all"]
    room = np.minimum(K, whole["n_relevant"])
    pooled = (whole[f"recall_min_at_{K}"] * room).sum() / room.sum()
    return {
        "precision": float(pooled),
        "map": value_of(events, f"map_at_{K}"),
        "ndcg": value_of(events, f"ndcg_at_{K}"),
    }


def live_events(rng: np.random.Generator, size: argparse.Namespace) -> None:
    """Track B at the size of Twitch 100k: 44,221 events, about 800 live candidates each."""
    catalogue, steps, live, asked = 160_000, 250, 800, 44_221
    dataset = synthetic(rng, 100_000, catalogue, size.rows)
    sets = [np.sort(rng.choice(catalogue, live, replace=False)) for _ in range(steps)]
    of = np.sort(rng.integers(steps, size=asked))
    exam = Holdout(
        protocol="live-B",
        part="test",
        train=dataset,
        history=dataset,
        requests=Requests(rng.permutation(dataset.n_users)[:asked], 5_000 + of),
        candidates=Candidates(np.arange(steps + 1) * live, np.concatenate(sets), of),
        relevant_indptr=np.arange(asked + 1),
        relevant=np.array([sets[step][place] for step, place in zip(
            of, rng.integers(live, size=asked), strict=True
        )]),
        repeat=rng.random(asked) < 0.67,
        policy=RepeatPolicy(),
    )  # fmt: skip
    scale = FACTORS**-0.5
    users = rng.normal(scale=scale, size=(dataset.n_users, FACTORS)).astype(np.float32)
    items = rng.normal(scale=scale, size=(catalogue, FACTORS)).astype(np.float32)
    model = Factors(users, items).fit(dataset)
    pruned, events = timed(lambda: evaluate(model, exam), size.repeats)
    summed, _ = timed(lambda: summarise(events, "factors", "live-B"), size.repeats)
    sample = np.sort(rng.choice(asked, 500, replace=False))
    dense, _ = timed(lambda: users[exam.requests.users[sample]] @ items.T, size.repeats)
    dense *= asked / len(sample)
    print(f"\n{asked:,} live events, {live} candidates of {catalogue:,}, {FACTORS} factors")
    print(f"evaluate             {pruned:7.2f} s  {asked / pruned:9,.0f} events/s")
    print(f"summarise, 1,000 resamples of {asked:,} users, all metrics: {summed:.2f} s")
    print(f"scoring alone, all items (from {len(sample)} events): {dense:.0f} s, "
          f"{dense / pruned:.0f} x the whole evaluation of live candidates")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    size = parser.parse_args()
    against_implicit(np.random.default_rng(0), size)
    live_events(np.random.default_rng(1), size)


if __name__ == "__main__":
    main()
