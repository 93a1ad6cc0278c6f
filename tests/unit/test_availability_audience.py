"""Who is live by somebody else's row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.availability.audience import Audience
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.errors import ContractError
from onstage.testing.examples import log


Row = tuple[int, int, int, int]
"""User, item, start, length in steps."""

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 20), st.integers(0, 6)),
    min_size=1,
    max_size=30,
)
asked = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 25)), min_size=1, max_size=10)


def dataset(rows: list[Row]) -> Dataset:
    user, item, start, length = np.array(sorted(rows, key=lambda row: row[2])).T
    base = log([(u, i, 0) for u in range(4) for i in range(5)])
    one = np.ones(len(rows), dtype=np.float32)
    return Dataset(base.users, base.items, base.clock, user, item, start, one, start + length)


def watching(rows: list[Row], item: int, at: int, *, but: int | None = None) -> int:
    return sum(i == item and s <= at < s + n and u != but for u, i, s, n in rows)


@given(rows, asked)
def test_the_audience_is_what_a_scan_of_all_rows_counts(
    rows: list[Row], asked: list[tuple[int, int]]
) -> None:
    audience = Audience(dataset(rows))
    for item in range(5):
        user, at = np.array(asked).T
        items = np.full(len(asked), item)
        everybody = [watching(rows, item, t) for t in at]
        others = [watching(rows, item, t, but=u) for u, t in asked]
        assert audience.watchers(items, at).tolist() == everybody
        assert audience.by_others(user, items, at).tolist() == [n > 0 for n in others]
        own = [one - other for one, other in zip(everybody, others, strict=True)]
        assert audience.own(user, items, at).tolist() == own


@given(rows, asked)
def test_without_own_rows_candidates_are_those_that_others_watch(
    rows: list[Row], asked: list[tuple[int, int]]
) -> None:
    data = dataset(rows)
    user, at = np.array(asked).T
    requests = Requests(user, at)
    index = AvailabilityIndex.from_interactions(data)
    pool = Audience(data).without_own(index.candidates(at), requests)
    left: dict[int, list[int]] = {number: [] for number in range(len(asked))}
    for lines, items, excluded in pool.blocks(7):
        for line, gone in zip(lines, excluded, strict=True):
            left[int(line)] += items[~gone].tolist()
    for number, (u, t) in enumerate(asked):
        assert left[number] == [i for i in range(5) if watching(rows, i, t, but=u)]


def test_a_log_without_ends_has_no_audience() -> None:
    with pytest.raises(ContractError, match="audience: the log has no end times"):
        Audience(log([("ann", "a", 0)]))
