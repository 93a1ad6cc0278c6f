"""Full-ranking evaluation against ``implicit.evaluation``: the same numbers, and how long it takes.

Run: ``python -m benchmarks.evaluation`` (``--help`` for the sizes). Both sides score the same
random factor matrices on one thread, leave out what is in training, and compute their metrics on
the same hidden pairs, implicit in an environment of its own, in turns. implicit computes 4 metrics
at one depth from a list of 10; Onstage computes the rank of every relevant item among all
candidates and 37 metrics with a row per event. Seconds are those of the processor.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits
from typing_extensions import override

from benchmarks.als import save_matrix
from benchmarks.figure import Figure, arguments_of, ratio, tell
from benchmarks.worker import ONE_THREAD, Worker, seconds
from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.evaluation.summary import summarise, value_of
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.state import State
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import MaskedProtocol
from onstage.types import Positions, Scores


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


def timed(call: Callable[[], Any], repeats: int) -> tuple[list[float], Any]:
    """CPU seconds of each time (one thread: wall seconds of an idle machine), the last result."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        spent.append(time.process_time() - start)
    return spent, result


def vectors(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    return rng.normal(scale=FACTORS**-0.5, size=(n, FACTORS)).astype(np.float32)


def against_implicit(rng: np.random.Generator, size: argparse.Namespace) -> list[Figure]:
    dataset = synthetic(rng, size.users, size.items, size.rows)
    exam = holdouts(MaskedProtocol(), dataset, AvailabilityIndex.everything(dataset.n_items)).test
    users, items = vectors(rng, dataset.n_users), vectors(rng, dataset.n_items)
    model = Factors(users, items).fit(exam.train)
    exam.past, exam.train.matrix, exam.train.counts  # noqa: B018  # built once, not measured
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        np.savez(Path(name) / "factors.npz", users=users, items=items)
        save_matrix(Path(name) / "train.npz", exam.train.matrix)
        save_matrix(Path(name) / "hidden.npz", hidden_of(exam, dataset))
        with Worker("implicit", "implicit_evaluate", name, K, environment=ONE_THREAD) as peer:
            for _ in range(size.repeats):
                theirs.append(peer.ask())
                mine += timed(lambda: evaluate(model, exam), 1)[0]
    found = as_implicit(evaluate(model, exam))
    gap = max(abs(found[key] - theirs[-1]["values"][key]) for key in found)
    over = seconds(theirs, "cpu")
    shape = f"{len(exam):,} users x {dataset.n_items:,} items"
    return [
        Figure(f"evaluate, {shape}, ours", "s", tuple(mine)),
        Figure(f"evaluate, {shape}, implicit.evaluation", "s", tuple(over)),
        ratio("evaluate: ours (37 metrics) over implicit's (4)", mine, over),
        Figure("largest difference from implicit's precision, MAP, NDCG", "", (gap,), at_most=1e-6),
    ]


def hidden_of(exam: Holdout, dataset: Dataset) -> sparse.csr_matrix:
    """The pairs asked about."""
    user = np.repeat(exam.requests.users, np.diff(exam.relevant_indptr))
    ones = np.ones(len(user), dtype=np.float32)
    shape = dataset.n_users, dataset.n_items
    return sparse.csr_matrix((ones, (user, exam.relevant)), shape=shape)


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


def live_events(rng: np.random.Generator, size: argparse.Namespace) -> list[Figure]:
    """Track B at the size of Twitch 100k: 44,221 events, about 800 live candidates each."""
    catalogue, steps, live, asked = 160_000, 250, 800, size.events
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
    users, items = vectors(rng, dataset.n_users), vectors(rng, catalogue)
    model = Factors(users, items).fit(dataset)
    pruned, events = timed(lambda: evaluate(model, exam), size.repeats)
    summed, _ = timed(lambda: summarise(events, "factors", "live-B"), size.repeats)
    sample = np.sort(rng.choice(asked, min(asked, 500), replace=False))
    dense, _ = timed(lambda: users[exam.requests.users[sample]] @ items.T, size.repeats)
    every = [one * asked / len(sample) for one in dense]
    what = f"{asked:,} live events of {live} candidates"
    return [
        Figure(f"evaluate {what}, ours", "s", tuple(pruned)),
        Figure("summarise them, 1,000 resamples, all metrics", "s", tuple(summed)),
        ratio("scoring all 160,000 items alone, over that evaluation", every, pruned),
    ]


def main() -> None:
    size = parsed()
    with threadpool_limits(1):
        figures = against_implicit(np.random.default_rng(0), size)
        figures += live_events(np.random.default_rng(1), size)
    about = f"random factors ({FACTORS}), {size.rows:,} rows, one thread, CPU seconds"
    tell(about, figures, size.output)


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=44_221)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
