"""A model that learned from more than its training rows is found; ours did not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.evaluation.leaks.fitted import fitted
from onstage.evaluation.leaks.future import future
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions
from onstage.models.item_knn import ItemKnn, ItemKnnConfig
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.state import State
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import LiveProtocol
from tests.unit.leaks.planted import PROTOCOLS, found


ALGORITHMS: list[dict[str, Any]] = [
    {"algorithm": "popularity"},
    {"algorithm": "decayed_popularity"},
    {"algorithm": "memory", "kind": "count"},
    {"algorithm": "memory", "kind": "recency"},
    {"algorithm": "memory", "kind": "decay", "half_life_days": 1},
    {"algorithm": "item_knn"},
    {"algorithm": "ease"},
    {"algorithm": "als", "iterations": 2},
    {"algorithm": "bpr", "iterations": 2, "negatives": "live"},
    {"algorithm": "mf", "iterations": 2},
    {"algorithm": "ranker", "min_events": 20, "trees": 5},
]


class Elsewhere(Popularity):
    """Learns from the whole log, and says it was the training rows."""

    whole: Dataset

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        super()._fit(self.whole, rng, options)

    @override
    def _fallback(self, dataset: Dataset) -> NDArray[np.float32]:
        return super()._fallback(dataset)

    @override
    def _adopt(self, dataset: Dataset) -> None:
        super()._adopt(dataset)
        self._popularity = super()._fallback(self.whole)

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        super()._restore(dataset, state)
        self.whole = dataset


class Scheduled(ItemKnn):
    """Learns from windows when items will be live, those of the test part among them."""

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        super()._fit(dataset, rng, options)
        assert options.availability is not None
        self._hours = np.bincount(options.availability.item, minlength=dataset.n_items)

    @override
    def _state(self) -> State:
        return {**super()._state(), "hours": self._hours}


def test_a_model_fitted_on_test_rows_is_found(
    log: Dataset, index: AvailabilityIndex, live: Holdouts
) -> None:
    cheat = Popularity(PopularityConfig()).fit(log)
    finding = fitted(cheat, live.test, index)
    assert finding.leaks >= len(log) - len(live.test.train) > 0
    found(finding)


def test_counts_that_are_not_those_of_the_training_rows_are_found(
    log: Dataset, index: AvailabilityIndex, live: Holdouts
) -> None:
    """Strangers are answered by popularity: here by that of the whole log."""
    Elsewhere.whole = log
    stranger = np.flatnonzero(live.test.train.user_counts)[:1]
    train = live.test.train.where(live.test.train.user != stranger[0])
    some = replace(
        live.test,
        train=train,
        requests=Requests(np.full(len(live.test), stranger[0]), live.test.requests.times),
    )
    finding = fitted(Elsewhere(PopularityConfig()).fit(train), some, index)
    assert "scores of a twin with the counts of training rows" in found(finding)
    assert fitted(Popularity(PopularityConfig()).fit(train), some, index).leaks == 0


def test_a_model_that_learns_when_items_will_be_live_is_found(
    index: AvailabilityIndex, live: Holdouts
) -> None:
    cheat = Scheduled(ItemKnnConfig()).fit(live.test.train, FitOptions(availability=index))
    finding = fitted(cheat, live.test, index)
    assert finding.leaks == 1
    assert "hours changes with what is live after the split" in found(finding)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
@pytest.mark.parametrize("made", ALGORITHMS, ids=lambda m: "-".join(map(str, m.values()))[:20])
def test_no_algorithm_leaks(
    log: Dataset, index: AvailabilityIndex, protocol: Any, made: dict[str, Any]
) -> None:
    exams = holdouts(protocol, log, index)
    model = build(parse(made))
    model.fit(exams.test.train, FitOptions(threads=1, availability=index))
    findings = (future(model, exams.test, log), fitted(model, exams.test, index))
    assert [f.sentence for f in findings if f.leaks] == []
    assert findings[0].numbers["events"] == 0 or protocol.name != "masked"
    assert findings[0].numbers["events"] > 0 or protocol.name == "masked"


def test_the_same_question_finds_the_same_numbers(log: Dataset, index: AvailabilityIndex) -> None:
    exam = holdouts(LiveProtocol(track="B", part_steps=40), log, index).test
    model = Memory(MemoryConfig(kind="count")).fit(exam.train)
    assert future(model, exam, log) == future(model, exam, log)
    assert fitted(model, exam, index) == fitted(model, exam, index)
