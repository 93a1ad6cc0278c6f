"""A leak planted in a split is found; clean splits pass."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.availability import availability
from onstage.evaluation.leaks.duplicates import duplicates
from onstage.evaluation.leaks.lint import lint_split
from onstage.evaluation.leaks.overlap import overlap
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdouts
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol
from tests.unit.leaks.planted import PROTOCOLS, found


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


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda p: p.name)
def test_no_protocol_leaks(log: Dataset, index: AvailabilityIndex, protocol: Any) -> None:
    findings = lint_split(holdouts(protocol, log, index), log, index)
    assert [f.sentence for f in findings if f.leaks] == []
    assert [f.check for f in findings] == ["overlap", "duplicates", "availability"] * 2
