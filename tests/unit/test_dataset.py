"""A log as arrays, in order of time."""

import numpy as np
import pandas as pd
import pytest

from onstage.data.clock import Clock
from onstage.data.dataset import Dataset


@pytest.mark.parametrize("span", [1, 50, (1 << 16) - 1, 1 << 16, 1 << 40])
@pytest.mark.parametrize("first", [0, -3, 1 << 50])
def test_rows_are_in_order_of_time_and_ties_in_that_of_the_table(span: int, first: int) -> None:
    """Few and many ticks are sorted in different ways; the order is one."""
    rng = np.random.default_rng(span)
    time = first + rng.integers(0, span + 1, 300)
    time[rng.choice(300, 120, replace=False)] = first + rng.integers(0, span + 1, 3)[[0, 1, 2] * 40]
    time[7], time[200] = first, first + span
    table = pd.DataFrame({"user_id": np.arange(300), "item_id": 5, "timestamp": time})
    found = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=1.0))
    expected = sorted(range(300), key=lambda row: time[row])  # stable
    assert found.user.tolist() == expected
    assert found.time.tolist() == [int(time[row]) for row in expected]


@pytest.mark.parametrize("tick", [-1, 0, 3, 4, 9, 10])
def test_what_was_before_a_tick_and_since(tick: int) -> None:
    time = np.array([4, 0, 9, 3, 3, 4])
    table = pd.DataFrame({"user_id": np.arange(6), "item_id": 5, "timestamp": time})
    data = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=1.0))
    before, since = data.before(tick), data.since(tick)
    assert before.user.tolist() == data.where(data.time < tick).user.tolist()
    assert since.user.tolist() == data.where(data.time >= tick).user.tolist()
    assert (before.n_users, since.n_users) == (6, 6)
    assert len(before) == 0 or np.shares_memory(before.time, data.time)
