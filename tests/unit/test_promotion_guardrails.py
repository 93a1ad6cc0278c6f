"""Guardrails and limits: who must not be harmed, and what may be spent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from onstage.conditions import Guardrail, Limits, Promotion
from onstage.registry.conditions import Condition
from onstage.registry.guardrails import Cost, afforded, guarded
from onstage.registry.promotion import CHAMPION, Decision, Standing, decide


@dataclass(frozen=True)
class Measured:
    mean: float
    low: float
    high: float
    n_events: int = 500
    n_users: int = 100


ALS = Standing("als", {"algorithm": "als"}, data_digest="tuesday", version="8")
EASE = Standing("ease", {"algorithm": "ease"}, data_digest="monday", version="7")
BETTER = Measured(0.02, 0.01, 0.03)
UNSEEN = Guardrail(slice="unseen", max_loss=0.01)


def judged(gain: Measured | None, rule: Guardrail = UNSEEN) -> Condition:
    (condition,) = guarded(rule, "ndcg_at_10", {"unseen": gain})
    return condition


def decided(*others: Condition, champion: Standing | None = EASE) -> Decision:
    met = {CHAMPION: BETTER, "popularity": BETTER, "memory": BETTER}
    return decide(Promotion(), ALS, champion, met, others)


def test_a_slice_passes_when_a_loss_beyond_the_tolerated_one_is_ruled_out() -> None:
    found = judged(Measured(-0.002, -0.0099, 0.005))
    assert found.passed
    assert found.reason == (
        "ndcg_at_10 of unseen changed by -0.0020 [-0.0099, +0.0050] on 500 events, needed > -0.0100"
    )


@pytest.mark.parametrize(
    ("gain", "how"),
    [
        (Measured(-0.03, -0.04, -0.02), "(harmed)"),
        (Measured(-0.002, -0.02, 0.016), "(harm cannot be ruled out)"),
        (Measured(0.0, -0.01, 0.01), "(harm cannot be ruled out)"),  # ends exactly at the margin
    ],
)
def test_a_slice_that_may_lose_more_stops_the_promotion_and_says_how_sure_it_is(
    gain: Measured, how: str
) -> None:
    decision = decided(judged(gain))
    assert not decision.promote
    assert decision.sentence.startswith("kept champion v7: ndcg_at_10 of unseen changed by")
    assert decision.sentence.endswith(how)


@pytest.mark.parametrize("gain", [None, Measured(float("nan"), float("nan"), float("nan"), 0, 0)])
def test_an_empty_slice_stands_in_nobodys_way_and_is_named(gain: Measured | None) -> None:
    found = judged(gain)
    decision = decided(found)
    assert decision.promote
    assert (found.passed, found.judged, found.value) == (True, False, None)
    assert "ndcg_at_10 of unseen: no events, not judged" in decision.reasons


def test_a_slice_of_few_events_is_not_judged_however_bad_it_looks() -> None:
    found = judged(Measured(-0.9, -1.0, -0.8, n_events=49))
    assert (found.passed, found.judged, found.n) == (True, False, 49)
    assert found.reason.endswith("49 events, not judged below 50")
    assert not judged(Measured(-0.9, -1.0, -0.8, n_events=50)).passed


def test_what_was_not_judged_is_named_when_the_champion_stays_too() -> None:
    harmed = judged(Measured(-0.03, -0.04, -0.02))
    empty = judged(None)
    assert decided(harmed, empty).reasons == (harmed.reason, empty.reason)


def test_every_slice_of_a_guardrail_must_hold() -> None:
    rule = Guardrail(slice="activity", max_loss=0.01)
    bad = Measured(-0.03, -0.04, -0.02)
    found = guarded(rule, "hr_at_1", {"activity:low": BETTER, "activity:high": bad})
    assert [(c.what, c.passed) for c in found] == [
        ("hr_at_1 of activity:low", True),
        ("hr_at_1 of activity:high", False),
    ]
    assert not decided(*found).promote


slices = st.builds(
    lambda ends, n: Measured(sorted(ends)[1], sorted(ends)[0], sorted(ends)[2], n),
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.integers(1, 200),
)


@given(st.lists(slices, max_size=4), slices, st.floats(0.001, 1))
def test_one_more_guardrail_never_gives_a_promotion(
    some: list[Measured], more: Measured, max_loss: float
) -> None:
    rule = Guardrail(slice="clusters", max_loss=max_loss)
    fewer = guarded(rule, "m", {str(i): gain for i, gain in enumerate(some)})
    extra = guarded(rule, "m", {"more": more})
    assert decided(*fewer, *extra).promote <= decided(*fewer).promote


@given(slices, st.floats(0.001, 1), st.floats(0, 1))
def test_a_larger_tolerated_loss_never_costs_a_promotion(
    gain: Measured, max_loss: float, more: float
) -> None:
    strict = judged(gain, Guardrail(slice="unseen", max_loss=max_loss))
    lenient = judged(gain, Guardrail(slice="unseen", max_loss=max_loss + more))
    assert lenient.passed >= strict.passed


FAST = Cost(latency_ms=2.0, size_bytes=5_000_000)
SLOW = Cost(latency_ms=5.0, size_bytes=20_000_000)


@pytest.mark.parametrize(
    ("limits", "passed", "reason"),
    [
        ({"latency_ms": 5.0}, True, "latency (p95) 5.00 ms, at most 5 ms"),
        ({"latency_ms": 4.9}, False, "latency (p95) 5.00 ms, at most 4.9 ms"),
        (
            {"latency_ratio": 2},
            False,
            "latency (p95) relative to the champion's 2.50 times, at most 2 times",
        ),
        ({"latency_ratio": 2.5}, True, "at most 2.5 times"),
        ({"size_mb": 10}, False, "size 20.00 MB, at most 10 MB"),
        ({"size_mb": 20}, True, "size 20.00 MB, at most 20 MB"),
    ],
)
def test_a_cost_may_reach_its_limit_and_not_pass_it(
    limits: Mapping[str, float], passed: bool, reason: str
) -> None:
    (found,) = afforded(Limits.model_validate(limits), SLOW, FAST)
    assert found.passed == passed
    assert reason in found.reason
    assert decided(found).promote == passed


def test_without_limits_nothing_is_asked() -> None:
    assert afforded(Limits(), SLOW, FAST) == ()


def test_the_first_champion_has_no_one_to_be_slower_than_but_must_fit_the_other_limits() -> None:
    assert afforded(Limits(latency_ratio=1), SLOW, None) == ()
    (found,) = afforded(Limits(size_mb=1), SLOW, None)
    decision = decided(found, champion=None)
    assert not decision.promote
    assert decision.sentence.startswith("no champion yet: size 20.00 MB")


@pytest.mark.parametrize("limits", [{"latency_ms": 5}, {"latency_ratio": 2}, {"size_mb": 9}])
def test_a_cost_that_was_not_measured_does_not_pass(limits: Mapping[str, float]) -> None:
    (found,) = afforded(Limits.model_validate(limits), Cost(), FAST)
    assert (found.passed, found.judged) == (False, False)
    assert "was not measured; `onstage backtest` measures it" in found.reason


def test_a_refresh_is_asked_for_its_costs_and_a_repetition_for_nothing() -> None:
    (found,) = afforded(Limits(size_mb=1), SLOW, None)
    same = replace(ALS, config=EASE.config)
    refresh = decide(Promotion(baselines=()), same, EASE, {}, [found])
    assert refresh.reasons == ("size 20.00 MB, at most 1 MB",)
    again = decide(Promotion(), replace(same, data_digest="monday"), EASE, {}, [found])
    assert again.reasons == ("nothing new: the same recipe on the same data",)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"slice": "age", "max_loss": 0.1}, "'repeat', 'unseen', 'activity', 'clusters'"),
        ({"slice": "unseen"}, "Field required"),
        ({"slice": "unseen", "max_loss": -0.1}, "greater than 0"),
        ({"slice": "unseen", "max_loss": 0.1, "min_events": 0}, "greater than 0"),
        ({"slice": "unseen", "max_loss": 0.1, "typo": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_guardrail_that_says_nothing_is_refused(given: dict[str, object], rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        Promotion.model_validate({"guardrails": [given]})


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_a_limit_is_a_finite_number_above_zero(value: float) -> None:
    with pytest.raises(ValidationError, match=r"greater than 0|finite"):
        Limits(latency_ms=value)
