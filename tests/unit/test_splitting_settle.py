"""Shortcuts over whole logs: what they give is what the obvious way gives."""

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onstage.data.grouping import grouped
from onstage.splitting.settle import had_before
from onstage.testing.examples import log


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz"), st.integers(0, 6)),
    min_size=1,
    max_size=30,
)
asked = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 8)), max_size=12)


@given(rows, asked, st.sampled_from([5, 10**6]))
def test_a_pair_was_had_before_if_any_of_its_rows_is_older(
    rows: list[tuple[str, str, int]], asked: list[tuple[int, int, int]], at_once: int
) -> None:
    known = log([*rows, *((u, i, 9) for u in "abc" for i in "wxyz")])  # everybody, after it all
    users, items, which = np.array(asked, dtype=np.int64).reshape(-1, 3).T
    instants = np.unique(known.time)
    times = instants[np.minimum(which, len(instants) - 1)]
    expected = [
        bool(((known.user == u) & (known.item == i) & (known.time < t)).any())
        for u, i, t in zip(users, items, times, strict=True)
    ]
    with patch("onstage.splitting.settle.AT_ONCE", at_once):
        assert had_before(known, users, items, times).tolist() == expected


@given(
    st.lists(st.integers(0, 10), max_size=40),
    st.sampled_from([1, 7, 1000]),
    st.sampled_from([0, 100]),
)
def test_grouping_is_a_stable_sort_whether_keys_are_dense_or_sparse(
    keys: list[int], apart: int, few: int
) -> None:
    some = np.array(keys, dtype=np.int64) * apart
    with patch("onstage.data.grouping.FEW", few):
        assert grouped(some).tolist() == np.argsort(some, kind="stable").tolist()
