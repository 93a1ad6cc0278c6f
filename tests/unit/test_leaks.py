"""A planted leak of each kind is found; clean splits and honest models pass."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import LeakError, SplitError
from onstage.evaluation.leaks.availability import availability
from onstage.evaluation.leaks.duplicates import duplicates
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.fitted import fitted
from onstage.evaluation.leaks.future import future
from onstage.evaluation.leaks.lint import lint_split
from onstage.evaluation.leaks.overlap import overlap
from onstage.evaluation.leaks.report import LeakReport, line
from onstage.evaluation.leaks.sample import affordable
from onstage.models.base import Recommender
from onstage.models.catalog import build, parse
from onstage.models.config import FitOptions
from onstage.models.item_knn import ItemKnn, ItemKnnConfig
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.models.state import State
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol, TemporalProtocol
from onstage.types import Positions, Scores


PROTOCOLS = [
    TemporalProtocol(),
    MaskedProtocol(),
    *(LiveProtocol(track=track, part_steps=40) for track in ("A", "B", "C")),
]
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


def watches(seed: int = 0) -> Dataset:
    """30 viewers and 20 streamers over 400 hours; each watch runs three hours."""
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(0, 400, 900))
    table = pd.DataFrame(
        {
            "user_id": rng.integers(100, 130, 900),
            "item_id": rng.choice(20, 900, p=np.arange(1, 21) / 210),
            "timestamp": start,
            "ends_at": start + 3,
        }
    ).drop_duplicates()
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=3600))


@pytest.fixture(scope="module")
def log() -> Dataset:
    return watches()


@pytest.fixture(scope="module")
def index(log: Dataset) -> AvailabilityIndex:
    return AvailabilityIndex.from_interactions(log)


@pytest.fixture(scope="module")
def live(log: Dataset, index: AvailabilityIndex) -> Holdouts:
    return holdouts(LiveProtocol(track="C", part_steps=40), log, index)


def found(finding: Finding) -> str:
    assert finding.leaks > 0
    report = LeakReport(split={"live-C": "time"}, findings={"live-C": (finding,)})
    with pytest.raises(LeakError) as caught:
        report.raise_if_leaking("cheat")
    assert isinstance(caught.value, SplitError)
    said = str(caught.value)
    assert said.startswith(f"cheat, live-C: {finding.check} (test): {finding.leaks} leaks in ")
    assert said.endswith(finding.remedy)
    assert "\n" not in said
    return said


def test_a_training_row_from_the_time_that_is_asked_about_is_found(
    log: Dataset, live: Holdouts
) -> None:
    cut = int(live.test.requests.times.min())
    early = int((log.time < cut).sum())
    leaky = log.where(np.arange(len(log)) < early + 2)  # two rows too many
    said = found(overlap(replace(live, test=replace(live.test, train=leaky)), "test"))
    late = leaky.where(np.array([early]))
    assert f"user {log.users[late.user[0]]}, item {log.items[late.item[0]]}, step " in said
    assert overlap(replace(live, test=replace(live.test, train=leaky)), "test").leaks == 2


def test_validation_that_is_shown_the_test_part_is_found(log: Dataset, live: Holdouts) -> None:
    shown = replace(live, validation=replace(live.validation, history=log))
    first = live.test.requests.times.min()
    assert overlap(shown, "validation").leaks == (log.time >= first).sum()
    assert overlap(live, "validation").leaks == 0


def test_a_hidden_pair_that_stayed_in_training_is_found(
    log: Dataset, index: AvailabilityIndex
) -> None:
    exams = holdouts(MaskedProtocol(), log, index)
    user, item = exams.test.requests.users[0], exams.test.relevant[0]
    pair = (log.user == user) & (log.item == item)
    mask = np.isin(np.arange(len(log)), np.flatnonzero(pair))
    known = set(zip(exams.test.train.user, exams.test.train.item, strict=True))
    kept = np.array([(u, i) in known for u, i in zip(log.user, log.item, strict=True)]) | mask
    leaky = replace(exams, test=replace(exams.test, train=log.where(kept)))
    assert overlap(leaky, "test").leaks == pair.sum()
    assert overlap(exams, "test").leaks == 0


def test_a_copy_on_the_other_side_of_the_split_is_found(log: Dataset, live: Holdouts) -> None:
    exam = live.test
    target = np.flatnonzero(
        (log.user == exam.requests.users[0])
        & (log.item == exam.relevant[0])
        & (log.time == exam.requests.times[0])
    )
    # The log has the target twice, and the copy fell into training.
    rows = np.sort(np.concatenate([np.arange(len(log)), target]))
    twice = log.where(rows)
    leaky = replace(exam, train=log.where(np.union1d(np.flatnonzero(log.time < 100), target)))
    finding = duplicates(leaky, twice)
    assert finding.leaks == 1
    assert finding.numbers["copies within the log"] == 1
    assert f"user {log.users[log.user[target[0]]]}" in found(finding)
    assert duplicates(exam, log).leaks == 0


def test_a_candidate_that_only_the_answer_makes_live_is_found(
    log: Dataset, index: AvailabilityIndex, live: Holdouts
) -> None:
    """Track C, asked the events of track B with the candidates of track B."""
    official = holdouts(LiveProtocol(track="B", part_steps=40), log, index).test
    leaky = replace(official, protocol="live-C")
    expected = 0
    for event, (user, time) in enumerate(
        zip(leaky.requests.users, leaky.requests.times, strict=True)
    ):
        assert log.ends is not None
        running = (log.time <= time) & (time < log.ends)
        others = set(log.item[running & (log.user != user)])
        expected += len(set(leaky.candidates.set(int(leaky.candidates.of[event]))) - others)
    finding = availability(leaky, log, index, sample=10**6)
    assert finding.leaks == expected > 0
    found(finding)
    assert availability(live.test, log, index, sample=10**6).leaks == 0


def test_a_candidate_outside_every_window_is_found(
    log: Dataset, index: AvailabilityIndex, live: Holdouts
) -> None:
    everything = Candidates.shared(np.arange(log.n_items), len(live.test))
    finding = availability(replace(live.test, candidates=everything), log, index, sample=5)
    offline = sum(
        log.n_items - len(index.live_at(int(live.test.requests.times[e])))
        for e in np.linspace(0, len(live.test) - 1, 5).astype(int)
    )
    assert finding.leaks >= offline > 0


def test_on_other_tracks_targets_live_by_themselves_are_counted_not_refused(
    log: Dataset, index: AvailabilityIndex
) -> None:
    exam = holdouts(LiveProtocol(track="B", part_steps=40), log, index).test
    finding = availability(exam, log, index, sample=10**6)
    assert finding.leaks == 0
    assert finding.numbers["targets live by the asking user alone"] > 0


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


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
def test_no_protocol_leaks(log: Dataset, index: AvailabilityIndex, protocol: Any) -> None:
    findings = lint_split(holdouts(protocol, log, index), log, index)
    assert [f.sentence for f in findings if f.leaks] == []
    assert [f.check for f in findings] == ["overlap", "duplicates", "availability"] * 2


def test_fewer_events_are_asked_where_there_are_many_items(live: Holdouts) -> None:
    # 20 items: 65,536 scores are 3,276 events. One item more than 65,536: one event.
    assert affordable(live.test, 10**6) == 65_536 // 20
    assert affordable(live.test, 16) == 16
    users, items = pd.Index([0, 1]), pd.Index(np.arange(65_537))
    large = replace(live.test.train, users=users, items=items)
    assert affordable(replace(live.test, train=large), 16) == 1


def test_the_same_question_finds_the_same_numbers(log: Dataset, index: AvailabilityIndex) -> None:
    exam = holdouts(LiveProtocol(track="B", part_steps=40), log, index).test
    model = Memory(MemoryConfig(kind="count")).fit(exam.train)
    assert future(model, exam, log) == future(model, exam, log)
    assert fitted(model, exam, index) == fitted(model, exam, index)


def test_one_line_says_what_was_looked_at_and_which_split_is_random(
    log: Dataset, index: AvailabilityIndex
) -> None:
    exams = holdouts(MaskedProtocol(), log, index)
    findings = lint_split(exams, log, index)
    report = LeakReport(split={"masked": "random"}, findings={"masked": findings})
    rows = len(exams.test.train)
    assert line([report]) == (
        f"leaks: 6 checks of 1 models under masked passed: {rows} training rows, 0 answers "
        "without their future, 0 candidates counted anew; RANDOM SPLIT in masked: models see the "
        "future"
    )
    assert LeakReport.model_validate_json(report.model_dump_json()) == report


def test_several_leaks_are_one_error(
    log: Dataset, live: Holdouts, index: AvailabilityIndex
) -> None:
    leaky = replace(live, test=replace(live.test, train=log))
    findings = lint_split(leaky, log, index)
    report = LeakReport(split={"live-C": "time"}, findings={"live-C": findings})
    with pytest.raises(LeakError, match=r"\(and 1 more checks failed\)$"):
        report.raise_if_leaking("memory")
