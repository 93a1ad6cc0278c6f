from unittest.mock import patch

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.serving.online.fresh import SomeHistory
from onstage.testing.examples import log


rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(-20, 20)), min_size=1, max_size=40
)


@given(rows, st.lists(st.tuples(st.integers(0, 4), st.integers(-25, 25)), min_size=1, max_size=8))
def test_a_request_sees_exactly_its_users_earlier_rows(
    log: list[tuple[int, int, int]], asks: list[tuple[int, int]]
) -> None:
    table = pd.DataFrame(log, columns=[Columns.USER, Columns.ITEM, Columns.TIME])
    dataset = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=60))
    users = dataset.user_positions([user for user, _ in asks])
    requests = Requests(users, np.array([at for _, at in asks]))
    request, row = (history := History(dataset)).rows(requests)
    for number, (user, at) in enumerate(asks):
        seen = sorted(dataset.items[history.item[row[request == number]]])
        assert seen == sorted(i for u, i, t in log if u == user and t < at)


def test_negative_and_huge_identifiers_survive() -> None:
    ids = [-(2**63), -3499919498720038879, 2**63 - 1]
    table = pd.DataFrame(
        {Columns.USER: ids, Columns.ITEM: ids[::-1], Columns.TIME: [1, 2, 3], Columns.WEIGHT: 2.0}
    )
    dataset = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=60))
    assert dataset.users[dataset.user_positions(ids)].tolist() == ids
    assert dataset.user_positions([5]).tolist() == [-1]
    assert dataset.matrix.sum() == 6


pairs = st.lists(
    st.tuples(st.integers(-1, 5), st.integers(0, 5), st.integers(-25, 25)), min_size=1, max_size=20
)


@given(rows, pairs, st.sampled_from([3, 10**6]))
def test_a_user_had_an_item_if_a_row_of_it_is_older(
    log: list[tuple[int, int, int]], asks: list[tuple[int, int, int]], at_once: int
) -> None:
    users, items, times = np.array(asks, dtype=np.int64).T
    user, item, time = np.array(sorted(log, key=lambda row: row[2]), dtype=np.int64).T
    one = np.ones(len(log), dtype=np.float32)
    clock = Clock(kind="step", step_seconds=60)
    dataset = Dataset(pd.RangeIndex(6), pd.RangeIndex(6), clock, user, item, time, one)
    with patch("onstage.data.history.AT_ONCE", at_once):
        found = History(dataset).had(users, items, times)
    assert found.tolist() == [
        any(row[:2] == (u, i) and row[2] < t for row in log) for u, i, t in asks
    ]


@given(rows)
def test_rows_out_of_order_become_the_same_history(log: list[tuple[int, int, int]]) -> None:
    user, item, time = np.array(log, dtype=np.int64).T
    clock, one = Clock(kind="step", step_seconds=60), np.arange(len(log), dtype=np.float32)

    def history(order: NDArray[np.int64]) -> History:
        columns = (user[order], item[order], time[order], one[order])
        return History(Dataset(pd.RangeIndex(5), pd.RangeIndex(6), clock, *columns))

    as_it_is, in_time = history(np.arange(len(log))), history(np.argsort(time, kind="stable"))
    for name in ("user", "item", "time", "weight"):
        assert getattr(as_it_is, name).tolist() == getattr(in_time, name).tolist()


def test_a_stranger_sees_nothing_even_where_nobody_is_known() -> None:
    empty, one = np.empty(0, dtype=np.int64), np.ones(0, dtype=np.float32)
    clock = Clock(kind="step", step_seconds=60)
    nobody = Dataset(pd.RangeIndex(0), pd.RangeIndex(3), clock, empty, empty, empty, one)
    stranger, now = np.array([-1]), np.array([5])
    start, stop = History(nobody).bounds(Requests(stranger, now))
    assert (start.tolist(), stop.tolist()) == ([0], [0])
    assert History(nobody).had(stranger, np.array([0]), now).tolist() == [False]


def test_a_stranger_who_asks_alone_sees_nothing_of_what_was_posted() -> None:
    trained = log([("a", "x", 1), ("b", "y", 2)])
    stranger, now = np.array([-1]), np.array([5])
    asked = SomeHistory(History(trained), stranger, {}, trained)
    assert asked.sizes(Requests(stranger, now)).tolist() == [0]
    assert asked.had(stranger, np.array([0]), now).tolist() == [False]
