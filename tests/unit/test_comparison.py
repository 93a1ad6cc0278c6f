from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from onstage.errors import ContractError
from onstage.evaluation.bootstrap import interval, resampled_means
from onstage.evaluation.comparison import compare
from onstage.evaluation.pairwise import compare_all
from onstage.evaluation.summary import summarise, value_of
from onstage.seeds import generator


def events(
    values: NDArray[Any] | list[float], users: NDArray[Any] | list[int] | None = None
) -> pd.DataFrame:
    """A per-event table with one metric; event `e` belongs to user `e` unless told otherwise."""
    n = len(values)
    return pd.DataFrame(
        {
            "event": range(n),
            "user_id": range(n) if users is None else users,
            "timestamp": 7,
            "group": "all",
            "n_relevant": 1,
            "n_candidates": 50,
            "fallback": False,
            "ndcg_at_10": np.asarray(values, dtype=float),
        }
    )


def test_the_summary_is_the_mean_over_events() -> None:
    table = summarise(events([0, 1, 1, 0.5]), "memory", "live-B")
    (row,) = table.to_dict("records")
    assert {k: row[k] for k in ("model", "protocol", "group", "metric", "value", "n")} == {
        "model": "memory",
        "protocol": "live-B",
        "group": "all",
        "metric": "ndcg_at_10",
        "value": (0 + 1 + 1 + 0.5) / 4,
        "n": 4,
    }
    assert row["low"] <= row["value"] <= row["high"]


def test_undefined_values_are_left_out_of_the_mean_and_of_n() -> None:
    (row,) = summarise(events([0, np.nan, 1]), "m", "p").to_dict("records")
    assert (row["value"], row["n"]) == (1 / 2, 2)


def test_without_resamples_there_is_no_interval() -> None:
    table = summarise(events([0, 1]), "m", "p", resamples=0)
    assert table["value"].tolist() == [1 / 2]
    assert table[["low", "high"]].isna().all(axis=None)


def test_coverage_is_summed() -> None:
    table = events([0, 1]).assign(coverage_at_10=[0.25, 0.5])
    assert value_of(table, "coverage_at_10") == 0.75
    assert summarise(table, "m", "p")["value"].tolist() == [0.5, 0.75]


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).random(200)
    first, again, other = (summarise(events(values), "m", "p", seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["low"].tolist() != other["low"].tolist()


def test_the_interval_is_that_of_the_central_limit_theorem() -> None:
    values = np.random.default_rng(1).random(4000)
    (row,) = summarise(events(values), "m", "p", resamples=4000).to_dict("records")
    half = 1.96 * values.std() / np.sqrt(4000)
    assert row["high"] - row["value"] == pytest.approx(half, rel=0.1)
    assert row["value"] - row["low"] == pytest.approx(half, rel=0.1)


def test_events_of_one_user_do_not_count_as_independent_evidence() -> None:
    values = np.repeat(np.random.default_rng(2).random(100), 25)  # 100 users, 25 equal events
    apart = summarise(events(values), "m", "p").iloc[0]
    together = summarise(events(values, np.repeat(range(100), 25)), "m", "p").iloc[0]
    widths = [row["high"] - row["low"] for row in (apart, together)]
    assert widths[1] == pytest.approx(widths[0] * np.sqrt(25), rel=0.2)


def test_a_user_with_more_events_weighs_more() -> None:
    # Either user alone, or both: (0 + 0 + 0 + 1) / 4; no other mean can be resampled.
    users, values = np.array([0, 0, 0, 1]), np.array([[0.0], [0.0], [0.0], [1.0]])
    means = resampled_means(users, values, 200, generator(0, "test"))
    assert set(means.ravel().tolist()) == {0.0, 1 / 4, 1.0}


def test_events_without_a_value_weigh_nothing_in_a_resample() -> None:
    users, values = np.array([0, 0, 1]), np.array([[np.nan], [1.0], [1.0]])
    means = resampled_means(users, values, 50, generator(0, "test"))
    assert set(means.ravel().tolist()) == {1.0}


def test_resampling_in_batches_covers_all_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onstage.evaluation.bootstrap.DRAWS_AT_ONCE", 30)
    means = resampled_means(np.arange(10), np.arange(10.0)[:, None], 8, generator(0, "test"))
    assert means.shape == (8, 1)
    assert ((means >= 0) & (means <= 9)).all()


def test_no_resamples_have_no_interval() -> None:
    low, high = interval(np.empty((0, 2)), 0.95)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_a_model_that_is_better_on_every_event_is_better_for_sure() -> None:
    worse = np.random.default_rng(3).random(300) / 2
    found = compare(events(worse + 0.1), events(worse))
    assert found.mean == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1)
    assert found.p == pytest.approx(2 / 2001)  # the least that 2,000 resamples can say
    assert (found.n_events, found.n_users) == (300, 300)


def test_a_model_does_not_differ_from_itself() -> None:
    same = events(np.random.default_rng(4).random(50))
    found = compare(same, same)
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_pairing_sees_what_separate_intervals_cannot() -> None:
    rng = np.random.default_rng(5)
    base = rng.random(400)
    better = base + rng.normal(0.01, 0.02, 400)
    found = compare(events(better), events(base))
    assert found.low > 0
    apart = [summarise(events(v), "m", "p").iloc[0] for v in (better, base)]
    assert apart[0]["low"] < apart[1]["high"]


def test_swapping_the_models_turns_the_sign() -> None:
    rng = np.random.default_rng(6)
    a, b = events(rng.random(80)), events(rng.random(80))
    there, back = compare(a, b), compare(b, a)
    assert there.mean == -back.mean
    assert there.low == pytest.approx(-back.high)
    assert there.p == back.p


def test_no_difference_is_rejected_about_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(7)
    rejected = sum(
        compare(events(rng.random(60)), events(rng.random(60)), resamples=200).p < 0.05
        for _ in range(100)
    )
    assert 1 <= rejected <= 12  # 5 expected, standard deviation 2.2


def test_rows_may_come_in_another_order() -> None:
    a = events(np.random.default_rng(8).random(20))
    assert compare(a.sample(frac=1, random_state=1, ignore_index=True), a).high == 0


def test_only_the_asked_group_is_compared() -> None:
    a, b = events([1.0, 0.0]), events([0.0, 0.0])
    for table in (a, b):
        table["group"] = ["repeat", "unseen"]
    assert compare(a, b, group="unseen").mean == 0
    assert compare(a, b, group="repeat").mean == 1


@pytest.mark.parametrize("column", ["event", "user_id", "timestamp", "n_candidates"])
def test_tables_of_different_events_are_refused(column: str) -> None:
    a, b = events([0.0, 1.0]), events([0.0, 1.0])
    b[column] += 1
    with pytest.raises(ContractError, match="not the same ones; evaluate both models on the same"):
        compare(a, b)


def test_tables_of_different_lengths_are_refused() -> None:
    with pytest.raises(ContractError, match="a has 2 and b has 3 events of group 'all'"):
        compare(events([0, 1]), events([0, 1, 1]))


def test_a_metric_that_is_not_per_event_is_refused() -> None:
    table = events([0, 1]).assign(coverage_at_10=[0.5, 0.5])
    for metric in ("coverage_at_10", "ndcg_at_7", "n_relevant"):
        with pytest.raises(ContractError, match=f"a has no per-event metric '{metric}'"):
            compare(table, table, metric)


def test_events_where_one_model_has_no_value_are_left_out() -> None:
    a, b = events([0.5, np.nan, 1]), events([0.25, 1, np.nan])
    found = compare(a, b, resamples=10)
    assert (found.mean, found.n_events, found.n_users) == (0.25, 1, 1)
    (pair,) = compare_all({"a": a, "b": b}, resamples=10).to_dict("records")
    assert (pair["mean"], pair["n_events"], pair["n_units"]) == (0.25, 1, 1)


def test_no_event_with_a_value_in_both_is_refused() -> None:
    a, b = events([0.5, np.nan]), events([np.nan, 1])
    with pytest.raises(ContractError, match="in no event of group 'all' do all models have"):
        compare(a, b)
    with pytest.raises(ContractError, match="in no event of group 'all' do all models have"):
        compare_all({"a": a, "b": b})


def test_a_metric_that_is_undefined_for_all_is_refused() -> None:
    a, b = events([np.nan, np.nan]), events([0, 1])
    with pytest.raises(ContractError, match="a has no ndcg_at_10 in group 'all'"):
        compare(a, b)
    with pytest.raises(ContractError, match="first has no ndcg_at_10 in group 'all'"):
        compare_all({"first": a, "second": b})


def test_a_metric_without_a_value_has_no_row_in_a_summary_and_is_nan() -> None:
    table = events([0, 1]).assign(auc=np.nan, gini_at_10=np.nan)
    assert np.isnan(value_of(table, "auc"))
    assert np.isnan(value_of(table, "gini_at_10"))
    assert summarise(table, "m", "p")["metric"].tolist() == ["ndcg_at_10"]


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(ContractError, match="a has no ndcg_at_10 in group 'older'"):
        compare(events([0]), events([0]), group="older")
    with pytest.raises(ContractError, match="no group 'older'; there are all"):
        value_of(events([0]), "ndcg_at_10", "older")


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(ContractError, match="no metric 'ndcg'; there are ndcg_at_10"):
        value_of(events([0]), "ndcg")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ContractError, match="the table has no rows"):
        summarise(events([]), "m", "p")
