"""Models that were fitted on the answers, or know another vocabulary, are refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ContractError, SplitError
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.overlap import check_no_overlap
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import LiveProtocol, MaskedProtocol, TemporalProtocol
from tests.unit.exams import exam, log


def interactions(seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    start = np.sort(rng.integers(0, 2000, 800))
    table = pd.DataFrame(
        {
            "user_id": rng.integers(0, 30, 800),
            "item_id": rng.integers(0, 20, 800),
            "timestamp": start,
            "ends_at": start + 8,
        }
    )
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


@pytest.mark.parametrize(
    "protocol",
    [TemporalProtocol(), MaskedProtocol(), *(LiveProtocol(track=t) for t in ("A", "B", "C"))],
    ids=lambda p: p.name,
)
def test_no_protocol_trains_on_its_answers(protocol: Any) -> None:
    dataset = interactions()
    made = holdouts(protocol, dataset, AvailabilityIndex.from_interactions(dataset))
    for part in (made.validation, made.test):
        check_no_overlap(part)
        events = evaluate(Popularity(PopularityConfig()).fit(part.train), part)
        assert set(events["event"]) == set(range(len(part)))


def test_a_model_that_was_fitted_on_the_test_part_is_refused() -> None:
    dataset = interactions()
    made = holdouts(LiveProtocol(), dataset, AvailabilityIndex.from_interactions(dataset))
    cheat = Popularity(PopularityConfig()).fit(dataset)
    with pytest.raises(SplitError, match=r"live-B test: \d+ training rows up to step \d+ stand in"):
        evaluate(cheat, made.test)


def test_a_model_that_was_shown_the_hidden_pairs_is_refused() -> None:
    dataset = interactions()
    made = holdouts(MaskedProtocol(), dataset, AvailabilityIndex.from_interactions(dataset))
    hidden = len(made.test.relevant)
    with pytest.raises(SplitError, match=f"masked test: training has {hidden} of the hidden"):
        evaluate(Popularity(PopularityConfig()).fit(dataset), made.test)
    shown = Holdout(**{**vars(made.test), "history": dataset})
    with pytest.raises(SplitError, match="the visible history has"):
        check_no_overlap(shown)


def test_a_model_of_another_vocabulary_is_refused() -> None:
    asked = exam([[0]], [[True]])
    other = Popularity(PopularityConfig()).fit(log([(1, 99, 0)]))
    with pytest.raises(ContractError, match="the model knows 1 users and 1 items"):
        evaluate(other, asked)
