"""How long one user waits is measured request by request."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.requests import Requests
from onstage.evaluation.latency import LEAST, latency
from onstage.models.core import BLOCK_CELLS
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import TemporalProtocol
from onstage.testing.examples import crowd
from onstage.types import Positions, Scores


class Slow(Popularity):
    """Sleeps before each answer, a millisecond a request, and keeps who asked."""

    asked: list[int]

    @override
    def scored(
        self, requests: Requests, candidates: Candidates, *, cells: int = BLOCK_CELLS
    ) -> Iterator[tuple[Positions, Positions, Scores]]:
        self.asked += requests.users.tolist()
        time.sleep(0.001 * len(requests))
        yield from super().scored(requests, candidates, cells=cells)


@pytest.fixture(scope="module")
def exam() -> Holdout:
    log = crowd(0)
    return holdouts(TemporalProtocol(), log, AvailabilityIndex.everything(log.n_items)).test


def slow(exam: Holdout) -> Slow:
    model = Slow(PopularityConfig()).fit(exam.train)
    model.asked = []
    return model


def test_requests_come_one_by_one_and_the_first_one_twice(exam: Holdout) -> None:
    model = slow(exam)
    found = latency(model, exam, asked=4)
    assert found.n == 4
    assert len(model.asked) == 5
    assert model.asked[0] == model.asked[1] == exam.requests.users[0]
    assert model.asked[-1] == exam.requests.users[-1]
    assert 1 <= found.median_ms <= found.p95_ms  # each sleeps a millisecond at least


def test_no_request_is_timed_twice_in_a_small_exam(exam: Holdout) -> None:
    assert latency(slow(exam), exam, asked=10_000).n == len(exam)


def test_a_slow_model_is_asked_few_requests(exam: Holdout) -> None:
    found: Any = latency(slow(exam), exam, seconds=0.0)
    assert found.n == min(LEAST, len(exam))
    assert np.isfinite(found.p95_ms)
