import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ContractError
from onstage.features.behaviour import HABIT, item_features, user_features


HOURLY = Clock(kind="step", step_seconds=3600)


def log(rows: list[tuple[object, object, int]], clock: Clock = HOURLY, **more: object) -> Dataset:
    table = pd.DataFrame(rows, columns=[Columns.USER, Columns.ITEM, Columns.TIME])
    return Dataset.from_interactions(table.assign(**more), clock=clock)


def test_ann_had_x_three_times_on_two_days_and_bob_y_once() -> None:
    data = log([("ann", "x", 0), ("ann", "x", 5), ("ann", "x", 30), ("bob", "y", 78)])
    users = user_features(data)
    assert users.index.tolist() == ["ann", "bob"]
    assert users["interactions"].tolist() == [3, 1]
    assert users["distinct_items"].tolist() == [1, 1]
    assert users["active_days"].tolist() == [2, 1]  # hours 0 and 5 | 30
    assert users["repeat_share"].tolist() == [pytest.approx(2 / 3), 0]
    assert users["days_since_last"].tolist() == [(78 - 30) / 24, 0]
    items = item_features(data)
    assert items["distinct_users"].tolist() == [1, 1]
    assert items.loc["x", "repeat_share"] == pytest.approx(2 / 3)


def test_an_hour_counts_against_five_more_at_the_usual_hours_of_all() -> None:
    # hours 6 and 18 of a day: sines 1 and -1, cosines 0; the mean of all is 0
    data = log([("ann", "x", 6), ("bob", "x", 18)])
    sines = user_features(data)["hour_sin"]
    assert sines["ann"] == pytest.approx(1 / (1 + HABIT))
    assert sines["bob"] == pytest.approx(-1 / (1 + HABIT))
    steady = log([("ann", "x", 6 + 24 * day) for day in range(95)] + [("bob", "x", 18)] * 95)
    assert user_features(steady)["hour_sin"]["ann"] == pytest.approx(95 / 100)


def test_the_hour_is_left_out_where_the_clock_cannot_tell_it() -> None:
    daily = Clock(kind="step", step_seconds=86_400)
    assert "hour_sin" not in user_features(log([("a", "x", 0), ("a", "y", 3)], daily))
    dates_only = log([("a", "x", 0), ("a", "y", 48)])
    assert "hour_sin" not in user_features(dates_only)


def test_weights_and_durations_appear_only_where_they_differ() -> None:
    rows = [("a", "x", 0), ("a", "y", 1)]
    assert not {"mean_weight", "mean_duration_seconds"} & set(user_features(log(rows)).columns)
    same = user_features(log(rows, weight=2.0, ends_at=[3, 4]))
    assert not {"mean_weight", "mean_duration_seconds"} & set(same.columns)
    other = user_features(log(rows, weight=[1.0, 4.0], ends_at=[1, 4]))
    assert other.loc["a", "mean_weight"] == 2.5
    assert other.loc["a", "mean_duration_seconds"] == (1 + 3) / 2 * 3600


def test_relations_are_summed_per_side_and_missing_users_gave_nothing() -> None:
    data = log([(1, 7, 0), (2, 7, 1), (2, 8, 2)])
    relations = pd.DataFrame(
        {
            Columns.USER: [1, 1, 99],
            Columns.ITEM: [7, 8, 7],
            "view_count": [3, 1, 2],
            "comment_count": [0, 5, 1],
            "coin_count": [10, 0, 4],
            "level": [1, 2, 3],
        }
    )
    users = user_features(data, relations)
    given_by = users[["streams_viewed", "comments_given", "coins_given"]]
    assert given_by.to_numpy().tolist() == [[4, 5, 10], [0, 0, 0]]
    assert "level" not in users
    items = item_features(data, relations)
    received = items[["streams", "comments_received", "coins_received"]]
    assert received.to_numpy().tolist() == [[5, 1, 14], [1, 5, 0]]


def test_relations_with_the_other_kind_of_ids_are_refused() -> None:
    relations = pd.DataFrame({Columns.USER: ["1"], Columns.ITEM: ["7"], "coin_count": [1]})
    with pytest.raises(ContractError, match=r"relations.user_id: ids of dtype .* same id type"):
        user_features(log([(1, 7, 0)]), relations)


def test_users_without_interactions_are_not_described() -> None:
    data = log([("a", "x", 0), ("b", "y", 1)])
    assert user_features(data.where(data.user == 0)).index.tolist() == ["a"]
    assert item_features(data.where(data.user == 0)).index.tolist() == ["x"]
    nobody = user_features(data.where(data.user < 0))
    assert nobody.empty


def test_utc_days_start_at_midnight() -> None:
    table = pd.DataFrame(
        {
            Columns.USER: -(2**63),
            Columns.ITEM: [1, 2],
            Columns.TIME: pd.to_datetime(["2024-05-01T23:59Z", "2024-05-02T00:01Z"]),
        }
    )
    users = user_features(Dataset.from_interactions(table))
    assert users.index.tolist() == [-(2**63)]
    assert users["active_days"].tolist() == [2]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(-90, 90)),
        min_size=1,
        max_size=40,
    )
)
def test_every_number_is_the_one_counted_by_hand(rows: list[tuple[int, int, int]]) -> None:
    users = user_features(log(list(rows)))
    newest = max(t for _, _, t in rows)
    for user, got in users.iterrows():
        own = [(i, t) for u, i, t in rows if u == user]
        distinct = {i for i, _ in own}
        assert got["interactions"] == len(own)
        assert got["distinct_items"] == len(distinct)
        assert got["active_days"] == len({math.floor(t / 24) for _, t in own})
        assert got["repeat_share"] == pytest.approx(1 - len(distinct) / len(own))
        assert got["days_since_last"] == pytest.approx((newest - max(t for _, t in own)) / 24)
    assert np.isfinite(users.to_numpy()).all()
