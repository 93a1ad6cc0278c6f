"""Exams so small that a test knows every rank."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.repeats import RepeatPolicy
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.state import State
from onstage.splitting.holdout import Holdout
from onstage.types import Positions, Scores


class Table(Recommender[RecommenderConfig]):
    """Score pairs as a table says, so that a test knows every rank."""

    def __init__(self, table: NDArray[Any]) -> None:
        super().__init__(RecommenderConfig(algorithm="table"))
        self.table = np.asarray(table, dtype=np.float32)

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None: ...

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return self.table[np.ix_(np.maximum(requests.users, 0), items)]

    @override
    def _state(self) -> State:
        return {}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None: ...


def log(rows: list[tuple[int, int, int]]) -> Dataset:
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=60))


# Three users know all of items 10 to 14 between them; they are asked at step 5.
TRAIN = [(1, 10, 0), (1, 11, 0), (2, 12, 1), (2, 13, 2), (2, 10, 2), (3, 14, 3)]


def exam(relevant: list[list[int]], repeat: list[list[bool]], **options: Any) -> Holdout:
    """Ask users 1, 2, 3 for items by position, among all five."""
    train = log(TRAIN)
    n = len(relevant)
    return Holdout(
        protocol=options.get("protocol", "temporal"),
        part="test",
        train=train,
        history=options.get("history", train),
        requests=Requests(np.arange(n), np.full(n, 5)),
        candidates=options.get("candidates", Candidates.shared(np.arange(5), n)),
        relevant_indptr=np.cumsum([0, *map(len, relevant)]),
        relevant=np.array([item for event in relevant for item in event]),
        repeat=np.array([flag for event in repeat for flag in event]),
        policy=RepeatPolicy(),
        window=options.get("window"),
    )


SCORES = np.array([[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [3, 3, 3, 1, 1]])
