"""An answer that needs the future is found, and how many events are asked for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.evaluation.leaks.future import future
from onstage.evaluation.sample import affordable
from onstage.models.base import Recommender
from onstage.models.config import FitOptions
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import LiveProtocol, TemporalProtocol
from onstage.types import Positions, Scores
from tests.unit.leaks.planted import found


class Including(Memory):
    """Counts the row of the request itself: ``time <= t`` instead of ``time < t``."""

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return super()._score(Requests(requests.users, requests.times + 1), items)


class Prophet(Popularity):
    """Counts what everybody will watch."""

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        counts = np.bincount(self.history.item, minlength=self.dataset.n_items)
        return np.tile(counts[items].astype(np.float32), (len(requests), 1))


class Remaining(Popularity):
    """Knows how much longer the items that are watched now will be watched."""

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        scores = np.zeros((len(requests), self.dataset.n_items), dtype=np.float32)
        ends = self.history.ends
        assert ends is not None
        for row, time in enumerate(requests.times):
            running = (self.history.time < time) & (time < ends)
            scores[row, self.history.item[running]] = (ends - time)[running]
        return scores[:, items]


class Peeking(Ranker):
    """Its features see the rows at the request's own time; its scores hardly use them."""

    @override
    def features(self, requests: Requests, candidates: Candidates) -> Any:
        made = dict(super().features(requests, candidates))
        now = np.isin(requests.times, self.history.time)
        sizes = candidates.sizes()
        return {**made, "happens_now": np.repeat(now, sizes).astype(np.float32)}


@pytest.mark.parametrize(
    ("cheat", "what"),
    [
        (Including(MemoryConfig(kind="count")), "scores for user 1"),
        (Prophet(PopularityConfig()), "scores for user 1"),
        (Remaining(PopularityConfig()), "scores for user 1"),
        (Peeking(RankerConfig(min_events=10**6)), "feature happens_now at step "),
    ],
    ids=["its own row", "later rows", "ends of running rows", "a feature"],
)
def test_an_answer_that_needs_the_future_is_found(
    log: Dataset, index: AvailabilityIndex, cheat: Recommender[Any], what: str
) -> None:
    exam = holdouts(LiveProtocol(track="B", part_steps=40), log, index).test
    cheat.fit(exam.train, FitOptions(availability=index))
    assert what in found(future(cheat, exam, log))


def test_the_future_is_offered_to_a_temporal_model_too(
    log: Dataset, index: AvailabilityIndex
) -> None:
    """Its history ends at the cut, so rows of the test part are put behind it for the question."""
    exam = holdouts(TemporalProtocol(), log, index).test
    finding = future(Prophet(PopularityConfig()).fit(exam.train), exam, log)
    assert finding.leaks == finding.numbers["events"] == 16


def test_fewer_events_are_asked_where_there_are_many_items(live: Holdouts) -> None:
    # 20 items: 65,536 scores are 3,276 events. One item more than 65,536: one event.
    assert affordable(live.test, 10**6) == 65_536 // 20
    assert affordable(live.test, 16) == 16
    users, items = pd.Index([0, 1]), pd.Index(np.arange(65_537))
    large = replace(live.test.train, users=users, items=items)
    assert affordable(replace(live.test, train=large), 16) == 1
