"""Drift as arithmetic: distances, periods, what is ordinary, and the champion's own past."""

import math

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.monitoring.arriving import Arriving, arriving
from onstage.monitoring.config import ChampionDriftConfig, DriftConfig
from onstage.monitoring.distances import change, h, js, ks, psi
from onstage.monitoring.drift import Drift
from onstage.monitoring.periods import Periods
from onstage.monitoring.standing import Result, Standing, standing
from onstage.reporting.page import report_html
from onstage.reporting.report import Report


HOURLY = Clock(kind="step", step_seconds=3600)


def test_a_quarter_more_is_as_far_as_a_fifth_less() -> None:
    assert change(125, 100) == pytest.approx(change(80, 100)) == pytest.approx(math.log(1.25))
    assert change(0, 0) == 0
    assert change(3, 0) == math.inf


def test_cohens_h_is_finite_where_a_share_is_nothing() -> None:
    assert h(1, 0) == pytest.approx(math.pi)
    assert h(0.25, 0.0) == pytest.approx(2 * math.pi / 6)  # asin(1/2) is 30 degrees
    assert h(0.4, 0.4) == 0


def test_psi_is_what_its_definition_says() -> None:
    reference = np.arange(100.0)
    sample = np.full(100, 5.0)  # all in the first of ten bins
    expected, first, others = 10.5 / 105, 100.5 / 105, 0.5 / 105
    by_hand = (first - expected) * math.log(first / expected)
    by_hand += 9 * (others - expected) * math.log(others / expected)
    assert psi(reference, sample) == pytest.approx(by_hand)
    assert psi(reference, reference) == 0


def test_ks_and_js_lie_between_the_same_and_nothing_in_common() -> None:
    assert ks(np.arange(10.0), np.arange(10.0) + 100) == 1
    assert ks(np.arange(10.0), np.arange(10.0)) == 0
    assert js(np.array([3.0, 0]), np.array([0, 7.0])) == pytest.approx(1)
    assert js(np.array([3.0, 1]), np.array([6.0, 2])) == pytest.approx(0, abs=1e-6)


def platform(seed: int = 0, days: int = 30) -> pd.DataFrame:
    """A platform with weekends: 200 rows a day, 300 on two days of seven, watched an hour or so."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in range(days):
        n = int((300 if day % 7 >= 5 else 200) + rng.normal(0, 8))
        starts = day * 24 + rng.integers(0, 22, n)
        lasts = 1 + rng.poisson(0.5, n)
        parts.append(
            pd.DataFrame(
                {
                    Columns.USER: rng.integers(0, 80, n),
                    Columns.ITEM: rng.zipf(1.7, n) % 40,
                    Columns.TIME: starts,
                    Columns.ENDS_AT: np.minimum(starts + lasts, day * 24 + 23),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def looked_at(table: pd.DataFrame, config: DriftConfig | None = None) -> Arriving:
    data = Dataset.from_interactions(table, clock=HOURLY)
    index = AvailabilityIndex.from_interactions(data)
    return arriving(data, index, config or DriftConfig())


def test_ordinary_weeks_with_their_weekends_are_no_drift() -> None:
    table = platform(days=45)
    for until in range(30, 45):
        found = looked_at(table[table[Columns.TIME] < until * 24])
        assert found.drifted == (), f"day {until}: {[one.sentence for one in found.drifted]}"
        assert all(one.judged for one in found.findings)


def last_day(table: pd.DataFrame) -> "pd.Series[bool]":
    day: pd.Series[bool] = table[Columns.TIME] >= int(table[Columns.TIME].max()) // 24 * 24
    return day


def test_a_day_of_other_tastes_shows_in_items_and_repeats() -> None:
    table = platform()
    new = last_day(table)
    table.loc[new, Columns.ITEM] = (table.loc[new, Columns.USER] * 7) % 40 + 100
    named = {one.name for one in looked_at(table).drifted}
    assert {"item", "repeat_share"} <= named
    assert not named & {"rows", "users", "duration_seconds"}


def test_a_day_of_half_the_rows_shows_in_rows() -> None:
    table = platform()
    new = last_day(table)
    found = looked_at(table[~new | (np.arange(len(table)) % 2 == 0)])
    rows = next(one for one in found.findings if one.name == "rows")
    assert rows.drifted
    assert rows.now == pytest.approx(found.rows)
    assert "rows:" in rows.sentence
    assert "instead of" in rows.sentence


def test_a_day_of_strangers_shows_in_new_users() -> None:
    table = platform()
    new = last_day(table)
    table.loc[new, Columns.USER] = table.loc[new, Columns.USER] + 1000
    assert "new_user_share" in {one.name for one in looked_at(table).drifted}


def test_other_durations_show_in_both_of_their_measures() -> None:
    table = platform()
    new = last_day(table)
    table.loc[new, Columns.TIME] = table.loc[new, Columns.ENDS_AT] - 9
    measures = {one.measure for one in looked_at(table).drifted if one.name == "duration_seconds"}
    assert measures == {"psi", "ks"}


def test_a_short_log_and_an_empty_day_are_not_judged_and_say_why() -> None:
    short = looked_at(platform(days=9))
    assert short.findings == ()
    assert "13 are needed" in short.why_not  # 1 + 7 + 5
    table = platform()
    found = looked_at(table[~last_day(table) | (np.arange(len(table)) % 50 == 0)])
    assert "rows, 100 are needed" in found.why_not


def test_an_empty_log_is_not_judged() -> None:
    data = Dataset.from_interactions(platform(), clock=HOURLY)
    nothing = data.where(data.time < 0)
    found = arriving(nothing, AvailabilityIndex.everything(1), DriftConfig())
    assert found.why_not == "the log has no rows"


def test_a_row_belongs_to_the_day_on_which_it_was_complete() -> None:
    table = pd.DataFrame(
        {Columns.USER: [1, 1, 2], Columns.ITEM: [1, 2, 1], Columns.TIME: [0, 20, 40]}
    ).assign(**{Columns.ENDS_AT: [1, 30, 47]})
    data = Dataset.from_interactions(table, clock=HOURLY)
    periods = Periods(data, AvailabilityIndex.from_interactions(data), 24)
    assert periods.count == 1  # from 1 to 47
    assert periods.span(0) == (24, 47)
    assert sorted(periods.rows(0)) == [1, 2]


def result(value: float, until: int, *, recipe: str = "als", error: float = 0.01) -> Result:
    half = 1.959963984540054 * error
    return Result(
        recipe=recipe, asked="ndcg", until=until, value=value, low=value - half, high=value + half,
        events=500,
    )  # fmt: skip


def stands(now: Result, *earlier: Result, **config: float) -> Standing:
    rules = ChampionDriftConfig.model_validate(config)
    return standing(now, earlier, rules, model="als", version="3", metric="ndcg_at_10")


def test_the_change_of_the_champion_has_an_interval_from_both_sides() -> None:
    past = [result(0.40, 1), result(0.40, 2), result(0.40, 3), result(0.40, 4)]
    found = stands(result(0.30, 9), *past)
    assert found.usual == pytest.approx(0.40)
    assert found.change == pytest.approx(-0.10)
    half = 1.959963984540054 * math.sqrt(0.01**2 + 4 * 0.01**2 / 16)  # nothing between nights
    assert found.high == pytest.approx(-0.10 + half)
    assert found.drifted  # -0.078 lies below -0.02, a twentieth of 0.40
    assert not stands(result(0.375, 9), *past).drifted  # -0.025 + 0.022 does not


def test_nights_that_differ_by_more_than_their_errors_make_the_interval_wider() -> None:
    past = [result(0.30, 1), result(0.50, 2), result(0.30, 3), result(0.50, 4)]
    assert not stands(result(0.30, 9), *past).drifted


def test_only_earlier_results_of_the_same_recipe_count_and_only_the_newest() -> None:
    past = [result(0.9, 1), result(0.4, 2), result(0.4, 3), result(0.9, 8, recipe="other")]
    later = [result(0.9, 9), result(0.9, 10)]
    found = stands(result(0.4, 9), *past, *later, results=2)
    assert found.results == 2
    assert found.usual == pytest.approx(0.4)


def test_a_first_result_has_nothing_to_be_held_against() -> None:
    found = stands(result(0.4, 9))
    assert not found.drifted
    assert "no earlier result" in found.sentence


def test_all_that_drifted_is_said_on_one_line() -> None:
    table = platform()
    new = last_day(table)
    table.loc[new, Columns.ITEM] = (table.loc[new, Columns.USER] * 7) % 40 + 100
    worse = stands(result(0.1, 9), result(0.4, 1))
    drift = Drift(arriving=looked_at(table), champion=worse)
    assert drift.drifted
    assert drift.sentence.startswith("drift: ")
    assert "dropped: champion v3 als" in drift.sentence
    assert "\n" not in drift.sentence
    calm = Drift(arriving=looked_at(platform()))
    assert calm.sentence.startswith("no drift: input as before")


def test_the_report_says_what_drifted_and_what_did_not() -> None:
    table = platform()
    new = last_day(table)
    table.loc[new, Columns.USER] = table.loc[new, Columns.USER] + 1000
    worse = stands(result(0.1, 9), result(0.4, 1))
    page = report_html(Report(title="x", drift=Drift(arriving=looked_at(table), champion=worse)))
    assert "Something has changed." in page
    assert "champion v3 als: ndcg_at_10 0.1000" in page
    assert "new_user_share:" in page
    assert "Nothing has changed." in report_html(
        Report(title="x", drift=Drift(arriving=looked_at(platform())))
    )
    assert "Nobody looked for drift." in report_html(Report(title="x"))
