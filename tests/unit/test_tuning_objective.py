"""What a sweep maximises."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.errors import ContractError
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.summary import value_of
from onstage.models.als import AlsConfig
from onstage.models.catalog import build
from onstage.models.config import FitOptions
from onstage.models.memory import MemoryConfig
from onstage.splitting.build import holdouts
from onstage.splitting.holdout import Holdout
from onstage.splitting.protocol import TemporalProtocol
from onstage.testing.examples import crowd
from onstage.tuning.objective import ValidationObjective, take


ONE = FitOptions(seed=7, threads=1)
ALS = AlsConfig(factors=4, iterations=5)


def validation() -> Holdout:
    log = crowd(1, users=20, items=12, rows=400, hours=60)
    live = AvailabilityIndex.everything(log.n_items)
    return holdouts(TemporalProtocol(), log, live).validation


HOLDOUT = validation()


@dataclass
class Looks:
    """Wants a look after some iterations, and remembers what it saw."""

    after: tuple[int, ...] = ()
    seen: dict[int, float] = field(default_factory=dict)

    def wants(self, iteration: int) -> bool:
        return iteration in self.after

    def report(self, iteration: int, value: float) -> None:
        self.seen[iteration] = value


@pytest.mark.parametrize("group", ["all", "repeat", "unseen"])
def test_the_value_is_the_mean_over_the_validation_events_of_the_group(group: str) -> None:
    model = build(MemoryConfig()).fit(HOLDOUT.train, ONE)
    events = evaluate(model, HOLDOUT)
    expected = events.loc[events["group"] == group, "ndcg_at_10"].mean()
    outcome = ValidationObjective(HOLDOUT, "ndcg_at_10", group, ONE)(MemoryConfig(), Looks())
    assert outcome.value == pytest.approx(expected)
    assert outcome.metrics["ndcg_at_10"] == outcome.value
    assert outcome.metrics["mrr_at_10"] == pytest.approx(
        events.loc[events["group"] == group, "mrr_at_10"].mean()
    )
    assert outcome.fit_seconds > 0
    assert outcome.evaluate_seconds > 0


def test_a_look_sees_the_model_as_it_stands_and_disturbs_nothing() -> None:
    objective = ValidationObjective(HOLDOUT, "ndcg_at_10", "all", ONE)
    looks = Looks(after=(2, 4))
    looked_at = objective(ALS, looks)
    assert looked_at.value == objective(ALS, Looks()).value
    for iteration, value in looks.seen.items():
        shorter = objective(ALS.model_copy(update={"iterations": iteration}), Looks())
        assert value == pytest.approx(shorter.value)
    assert set(looks.seen) == {2, 4}


def test_a_look_evaluates_no_more_events_than_it_may_and_always_the_same() -> None:
    objective = ValidationObjective(HOLDOUT, "ndcg_at_10", "repeat", ONE, look_events=5)
    sample = objective._sample
    assert len(sample) == 5
    assert np.array_equal(sample.requests.times, objective._sample.requests.times)
    again = ValidationObjective(HOLDOUT, "ndcg_at_10", "repeat", ONE, look_events=5)._sample
    assert np.array_equal(sample.requests.users, again.requests.users)
    events = evaluate(build(MemoryConfig()).fit(HOLDOUT.train, ONE), sample)
    assert (events["group"] == "repeat").sum() == 5  # each has an item of the group


def test_what_gives_a_trial_up_passes_through_the_fit() -> None:
    class EnoughError(Exception):
        """Of this trial."""

    class Impatient(Looks):
        def report(self, iteration: int, value: float) -> None:
            super().report(iteration, value)
            raise EnoughError

    watch = Impatient(after=(2, 3))
    with pytest.raises(EnoughError):
        ValidationObjective(HOLDOUT, "ndcg_at_10", "all", ONE)(ALS, watch)
    assert list(watch.seen) == [2]


def test_an_unknown_metric_or_an_empty_group_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match="no metric 'ndgc_at_10'"):
        ValidationObjective(HOLDOUT, "ndgc_at_10", "all", ONE)(MemoryConfig(), Looks())
    with pytest.raises(ContractError, match="no group 'new'"):
        ValidationObjective(HOLDOUT, "ndcg_at_10", "new", ONE)(MemoryConfig(), Looks())


MODEL = build(MemoryConfig(kind="recency")).fit(HOLDOUT.train, ONE)
EVENTS = evaluate(MODEL, HOLDOUT)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, len(HOLDOUT) - 1), min_size=1))
def test_events_come_out_the_same_alone_as_among_all(chosen: set[int]) -> None:
    rows = np.array(sorted(chosen))
    some = evaluate(MODEL, take(HOLDOUT, rows))
    whole = EVENTS[(EVENTS["group"] == "all") & EVENTS["event"].isin(chosen)]
    part = some[some["group"] == "all"]
    for column in ("user_id", "n_relevant", "n_candidates", "ndcg_at_10", "auc"):
        np.testing.assert_array_equal(part[column].to_numpy(), whole[column].to_numpy())
    assert value_of(some, "mrr_at_10") == pytest.approx(whole["mrr_at_10"].mean())


def test_a_metric_that_is_undefined_for_all_is_refused_and_not_maximised() -> None:
    everything = np.tile(np.arange(HOLDOUT.train.n_items), len(HOLDOUT))
    asked = replace(  # every candidate is relevant, so there is no pair to order
        HOLDOUT,
        relevant=everything,
        relevant_indptr=np.arange(len(HOLDOUT) + 1) * HOLDOUT.train.n_items,
        repeat=np.zeros(len(everything), dtype=np.bool_),
    )
    with pytest.raises(
        ContractError, match="sweep: auc is undefined in every event of group 'all'"
    ):
        ValidationObjective(asked, "auc", "all", ONE)(MemoryConfig(), Looks())
    measured = ValidationObjective(asked, "ndcg_at_10", "all", ONE)(MemoryConfig(), Looks())
    assert "auc" not in measured.metrics
