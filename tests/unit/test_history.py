import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests


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
