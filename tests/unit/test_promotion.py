from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from onstage.conditions import Promotion
from onstage.registry.promotion import (
    CHAMPION,
    Decision,
    Standing,
    decide,
    level,
    opponents,
)


@dataclass(frozen=True)
class Measured:
    mean: float
    low: float
    high: float
    n_events: int = 500
    n_users: int = 100


NONE = float("nan")
RULES = Promotion()
ALS = Standing("als", {"algorithm": "als", "factors": 64}, data_digest="tuesday")
COUNT = Standing("memory(count)", {"algorithm": "memory"}, data_digest="monday", version="7")
BETTER = Measured(0.02, 0.01, 0.03)
WORSE = Measured(-0.0021, -0.0040, -0.0002)
UNSURE = Measured(0.004, -0.001, 0.009)
BEATEN = {"popularity": BETTER, "memory(count)": BETTER}


def decided(differences: Mapping[str, Measured], **rules: object) -> Decision:
    return decide(RULES.model_copy(update=rules), ALS, COUNT, differences)


def test_a_challenger_that_beats_the_champion_and_the_baselines_is_promoted() -> None:
    decision = decided({CHAMPION: BETTER, **BEATEN})
    assert decision.promote
    assert decision.verdict == "promoted"
    assert decision.sentence.startswith(
        "promoted als: ndcg_at_10 gained +0.0200 [+0.0100, +0.0300]"
    )


def test_the_reason_quotes_gain_interval_opponent_and_margin() -> None:
    assert decided({CHAMPION: WORSE, "popularity": BETTER}).sentence == (
        "kept champion v7: ndcg_at_10 gained -0.0021 [-0.0040, -0.0002] over memory(count), "
        "needed > +0.0000"
    )


def test_a_gain_that_may_be_chance_does_not_move_the_champion() -> None:
    assert not decided({CHAMPION: UNSURE, **BEATEN}).promote


def test_an_interval_that_ends_exactly_at_the_margin_is_not_above_it() -> None:
    edge = Measured(0.02, 0.01, 0.03)
    assert not decided({CHAMPION: edge, **BEATEN}, min_gain=0.01).promote
    assert decided({CHAMPION: edge, **BEATEN}, min_gain=0.0099).promote


@pytest.mark.parametrize("baseline", ["popularity", "memory(count)", "memory(recency)", "memory"])
def test_beating_the_champion_is_not_enough_if_a_baseline_is_not_beaten(baseline: str) -> None:
    decision = decided({CHAMPION: BETTER, **BEATEN, baseline: UNSURE})
    assert not decision.promote
    assert f"over {baseline}," in decision.sentence


def test_only_the_reasons_against_are_given_when_the_champion_stays() -> None:
    decision = decided({CHAMPION: BETTER, "popularity": WORSE, "memory(count)": BETTER})
    assert len(decision.reasons) == 1
    assert "over popularity" in decision.reasons[0]


def test_without_a_champion_only_the_baselines_are_in_the_way() -> None:
    assert decide(RULES, ALS, None, BEATEN).verdict == "first"
    kept = decide(RULES, ALS, None, {**BEATEN, "popularity": UNSURE})
    assert not kept.promote
    assert kept.sentence.startswith("no champion yet: ndcg_at_10 gained +0.0040")


def test_a_baseline_may_become_champion_without_beating_its_own_kind() -> None:
    memory = Standing("memory(count)", {"algorithm": "memory"})
    decision = decide(RULES, memory, None, {"popularity": BETTER, "memory(recency)": UNSURE})
    assert decision.promote
    assert "memory(count) is itself the baseline memory" in decision.sentence
    assert not decide(RULES, memory, None, {"popularity": UNSURE}).promote


def test_a_model_whose_name_only_starts_like_a_baseline_is_no_baseline() -> None:
    gated = Standing("memory-gated", {"algorithm": "gated"})
    assert not decide(RULES, gated, None, {"memory": UNSURE, "popularity": BETTER}).promote


def test_a_baseline_that_is_not_on_the_leaderboard_is_named_as_missing() -> None:
    decision = decide(RULES, ALS, None, {"popularity": BETTER})
    assert decision.promote
    assert "memory was not on the leaderboard" in decision.sentence


@pytest.mark.parametrize("missing", [{}, {CHAMPION: Measured(NONE, NONE, NONE, 0, 0)}])
def test_without_events_to_compare_on_the_champion_stays(missing: dict[str, Measured]) -> None:
    decision = decided({**missing, **BEATEN})
    assert not decision.promote
    assert "no events to compare on" in decision.sentence


def test_the_same_recipe_on_the_same_data_is_nothing_new() -> None:
    decision = decide(RULES, replace(COUNT, version="8"), COUNT, {CHAMPION: BETTER, **BEATEN})
    assert decision.sentence == "kept champion v7: nothing new: the same recipe on the same data"


class TestTheSameRecipeOnNewerData:
    newer = replace(COUNT, data_digest="tuesday", version="8")

    def test_takes_over_as_a_refresh_without_meeting_itself(self) -> None:
        decision = decide(RULES, self.newer, COUNT, {"popularity": BETTER})
        assert (decision.promote, decision.verdict) == (True, "refreshed")
        assert decision.sentence.startswith("refreshed champion with v8: the recipe of v7 on newer")

    def test_stays_out_when_refresh_is_off(self) -> None:
        rules = Promotion(refresh=False)
        assert "refresh is off" in decide(rules, self.newer, COUNT, {"popularity": BETTER}).sentence

    def test_stays_out_when_a_baseline_has_caught_up(self) -> None:
        assert not decide(RULES, self.newer, COUNT, {"popularity": UNSURE}).promote


def test_every_condition_is_kept_with_its_numbers_also_those_that_passed() -> None:
    decision = decided({CHAMPION: WORSE, "popularity": BETTER}, min_gain=0.001)
    over, popularity, memory = decision.conditions
    assert over.model_dump(exclude={"reason"}) == {
        "kind": "champion",
        "what": "ndcg_at_10 over memory(count)",
        "passed": False,
        "judged": True,
        "challenger": "als",
        "value": -0.0021,
        "low": -0.0040,
        "high": -0.0002,
        "limit": 0.001,
        "n": 500,
    }
    assert (popularity.kind, popularity.passed, popularity.limit) == ("baseline", True, 0.0)
    assert (memory.what, memory.passed, memory.judged) == ("over memory", True, False)
    assert decision.reasons == (over.reason,)


def test_the_best_of_several_is_asked_for_more_where_selection_is_corrected() -> None:
    board = ["popularity", "memory(count)", "memory(decay)", "als", "bpr", "ease", "champion"]
    corrected = Promotion(selection="corrected")
    assert level(Promotion(), board, "champion") == 0.95
    assert level(corrected, board, "champion") == pytest.approx(1 - 0.05 / 3)  # als, bpr, ease
    assert level(corrected, board, None) == pytest.approx(1 - 0.05 / 4)
    assert level(corrected, ["popularity", "memory"], None) == pytest.approx(0.95)


class TestNonInferiority:
    rules = Promotion(rule="non_inferior", max_loss=0.005)

    def test_a_loss_surely_smaller_than_the_tolerated_one_is_promoted_and_called_so(self) -> None:
        decision = decide(self.rules, ALS, COUNT, {CHAMPION: WORSE, **BEATEN})
        assert decision.promote  # -0.0040 > -0.0050
        assert decision.sentence.startswith(
            "promoted als: ndcg_at_10 gained -0.0021 [-0.0040, -0.0002] over memory(count), "
            "non-inferior if > -0.0050"
        )

    def test_a_loss_that_may_be_larger_is_not(self) -> None:
        worse = Measured(-0.0021, -0.0050, 0.0001)  # ends exactly at the margin
        assert not decide(self.rules, ALS, COUNT, {CHAMPION: worse, **BEATEN}).promote

    def test_baselines_must_still_be_beaten(self) -> None:
        met = {CHAMPION: BETTER, "popularity": WORSE, "memory": BETTER}
        assert not decide(self.rules, ALS, COUNT, met).promote

    @pytest.mark.parametrize(
        ("given", "rule"),
        [
            ({"min_gain": -0.005}, "a loss that is tolerated is called rule: non_inferior"),
            ({"rule": "non_inferior"}, "max_loss belongs to rule: non_inferior, which needs it"),
            ({"max_loss": 0.1}, "max_loss belongs to rule: non_inferior, which needs it"),
            ({"rule": "non_inferior", "max_loss": 0.1, "min_gain": 0.1}, "leave it out"),
            ({"rule": "non_inferior", "max_loss": 0}, "greater than 0"),
        ],
    )
    def test_a_margin_is_never_ambiguous(self, given: dict[str, object], rule: str) -> None:
        with pytest.raises(ValidationError, match=rule):
            Promotion.model_validate(given)


gains = st.floats(-1, 1, allow_nan=False)


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    low, mean, high = sorted(draw(st.tuples(gains, gains, gains)))
    return Measured(mean, low, high, draw(st.integers(0, 3)))


meetings = st.fixed_dictionaries(
    {CHAMPION: measured(), "popularity": measured(), "memory": measured()}
)
margins = st.floats(-0.5, 0.5)


@given(meetings, st.sampled_from([CHAMPION, "popularity", "memory"]), st.floats(0, 1), margins)
def test_a_better_interval_never_costs_a_promotion(
    met: dict[str, Measured], opponent: str, more: float, margin: float
) -> None:
    old = met[opponent]
    better = {**met, opponent: replace(old, low=old.low + more)}
    assert decided(better, min_gain=margin).promote >= decided(met, min_gain=margin).promote


@given(meetings, margins, st.floats(0, 1), st.sampled_from(["min_gain", "min_gain_over_baselines"]))
def test_a_larger_margin_never_gives_a_promotion(
    met: dict[str, Measured], margin: float, more: float, which: str
) -> None:
    assert decided(met, **{which: margin + more}).promote <= decided(met, **{which: margin}).promote


@given(meetings)
def test_one_more_baseline_never_gives_a_promotion(met: dict[str, Measured]) -> None:
    fewer = ("popularity",)
    assert decided(met).promote <= decided(met, baselines=fewer).promote


@given(meetings)
def test_promotion_is_exactly_that_every_interval_is_above_its_margin(
    met: dict[str, Measured],
) -> None:
    assert decided(met).promote == all(d.n_events > 0 and d.low > 0 for d in met.values())


@given(meetings)
def test_every_decision_has_a_reason(met: dict[str, Measured]) -> None:
    assert all(decided(met).reasons)


def test_opponents_are_the_baselines_on_the_leaderboard_but_not_ones_own_kind() -> None:
    board = ["popularity", "popularity(decayed)", "memory(count)", "als"]
    assert opponents(RULES, board, "als") == ("popularity", "popularity(decayed)", "memory(count)")
    assert opponents(RULES, board, "memory(decayed)") == ("popularity", "popularity(decayed)")


@pytest.mark.parametrize(
    ("newest", "verdict", "reason"),
    [
        (7_001, "refreshed", "the recipe of v7 on newer data"),
        (7_000, "kept", "other data that end at the same time: newest tick 7000, that of v7 7000"),
        (6_999, "kept", "older data: newest tick 6999, that of v7 7000"),
    ],
)
def test_only_data_that_end_later_refresh_the_champion(
    newest: int, verdict: str, reason: str
) -> None:
    champion = replace(COUNT, newest=7_000)
    other = replace(champion, data_digest="another", version=None, newest=newest)
    decision = decide(RULES, other, champion, {})
    assert decision.verdict == verdict
    assert reason in decision.sentence


def test_a_champion_of_an_earlier_release_without_a_tick_counts_as_older() -> None:
    other = replace(COUNT, data_digest="another", version=None, newest=1)
    assert decide(RULES, other, COUNT, {}).verdict == "refreshed"
