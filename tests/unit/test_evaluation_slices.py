"""Events grouped by the kind of user who asked."""

import numpy as np
import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.comparison import compare
from onstage.evaluation.slices import is_slice, sliced
from onstage.evaluation.summary import summarise, value_of
from onstage.pipeline.recording import metrics_of


def events() -> pd.DataFrame:
    """Four events of group all (ann, bob, ann, zoe) and one of them in group unseen too."""
    return pd.DataFrame(
        {
            "event": [0, 1, 2, 3, 0],
            Columns.USER: ["ann", "bob", "ann", "zoe", "ann"],
            Columns.TIME: [10, 11, 12, 13, 10],
            Columns.GROUP: ["all"] * 4 + ["unseen"],
            "n_relevant": 1,
            "n_candidates": 9,
            Columns.FALLBACK: False,
            "hr_at_1": [1.0, 0.0, 0.0, 1.0, 1.0],
            "coverage_at_10": [0.1, 0.1, 0.0, 0.2, np.nan],
        }
    )


def test_every_event_is_in_the_group_of_its_users_cluster() -> None:
    table = events()
    made = sliced(table, pd.Series({"ann": 10, "bob": 2, "carl": 3}))
    assert made[Columns.GROUP].tolist() == [
        "viewers:2",
        "viewers:10",
        "viewers:10",
        "viewers:unknown",
    ]
    assert made["event"].tolist() == [1, 0, 2, 3]
    assert made["hr_at_1"].tolist() == [0, 1, 0, 1]
    pd.testing.assert_frame_equal(table, events())


def test_the_averages_are_those_of_the_slice_and_coverage_is_left_out() -> None:
    rows = summarise(sliced(events(), pd.Series({"ann": 1, "bob": 2})), "m", "live-B", resamples=50)
    found = rows.set_index([Columns.GROUP, Columns.METRIC])
    assert found.loc[("viewers:1", "hr_at_1"), Columns.VALUE] == 0.5
    assert found.loc[("viewers:1", "hr_at_1"), "n"] == 2
    assert set(rows[Columns.METRIC]) == {"hr_at_1"}


def test_numbers_as_identifiers_find_their_cluster() -> None:
    table = events().assign(**{Columns.USER: [1, 2, 1, 9, 1]})
    made = sliced(table, pd.Series({1: 1, 2: 1}))
    assert made[Columns.GROUP].value_counts().to_dict() == {"viewers:1": 3, "viewers:unknown": 1}


def test_slices_are_told_from_other_groups_by_their_name() -> None:
    assert is_slice("viewers:1")
    assert is_slice("viewers:unknown")
    assert not is_slice("unseen")


def test_one_metric_of_a_kind_of_viewer_is_logged() -> None:
    rows = pd.DataFrame(
        [
            ("m", "live-B", group, metric, 0.5)
            for group in ("all", "viewers:1")
            for metric in ("ndcg_at_10", "hr_at_1")
        ],
        columns=[Columns.MODEL, Columns.PROTOCOL, Columns.GROUP, Columns.METRIC, Columns.VALUE],
    )
    assert set(metrics_of(rows, "m")) == {
        "live-B/all/ndcg_at_10",
        "live-B/all/hr_at_1",
        "live-B/viewers:1/ndcg_at_10",
    }


def test_without_any_cluster_everybody_is_unknown() -> None:
    made = sliced(events(), pd.Series(dtype=np.int64))
    assert made[Columns.GROUP].unique().tolist() == ["viewers:unknown"]
    assert made["hr_at_1"].tolist() == [1, 0, 0, 1]


def test_a_slice_without_events_is_no_group_and_cannot_be_compared() -> None:
    made = sliced(events(), pd.Series({"carl": 3, "zoe": 1}))
    assert set(made[Columns.GROUP]) == {"viewers:1", "viewers:unknown"}
    with pytest.raises(ContractError, match="a has no hr_at_1 in group 'viewers:3'"):
        compare(made, made, "hr_at_1", "viewers:3")
    with pytest.raises(
        ContractError, match="no group 'viewers:3'; there are viewers:1, viewers:un"
    ):
        value_of(made, "hr_at_1", "viewers:3")


def test_no_events_have_no_slices_and_no_summary() -> None:
    made = sliced(events().iloc[:0], pd.Series({"ann": 1}))
    assert made.empty
    with pytest.raises(ContractError, match="events: the table has no rows"):
        summarise(made, "m", "live-B")


def test_a_table_of_an_earlier_version_lacks_the_newer_metrics_alone() -> None:
    later = events().assign(gini_at_10=0.1, diversity_at_10=[0.5, 0.5, 0.5, 0.5, np.nan])
    assert compare(later, events(), "hr_at_1", resamples=5).mean == 0
    with pytest.raises(ContractError, match="b has no per-event metric 'diversity_at_10'"):
        compare(later, events(), "diversity_at_10")
    assert "gini_at_10" not in set(summarise(events(), "m", "p", resamples=0)[Columns.METRIC])
    kept = sliced(later, pd.Series({"ann": 1}))
    assert kept["gini_at_10"].isna().all()
    assert kept["diversity_at_10"].eq(0.5).all()
