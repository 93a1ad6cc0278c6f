from dataclasses import replace
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.availability import live_sets
from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.testing.examples import log
from onstage.types import Positions, Ticks


Span = tuple[int, int, int]
"""Item, start, length in steps."""

windows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-30, 30), st.integers(0, 9)), max_size=30
)
N_ITEMS = 6
TIMES = range(-35, 45)


def columns(spans: list[Span]) -> tuple[Positions, Ticks, Ticks]:
    item, start, length = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    return item, start, start + length


def index_of(spans: list[Span], n_items: int = N_ITEMS) -> AvailabilityIndex:
    return AvailabilityIndex.merged(n_items, *columns(spans))


def scan(spans: list[Span], at: int) -> list[int]:
    return sorted({i for i, s, n in spans if s <= at < s + n})


@given(windows, st.lists(st.integers(-35, 45), min_size=1, max_size=20))
def test_the_index_answers_as_a_scan_of_all_windows_does(
    spans: list[Span], times: list[int]
) -> None:
    index = index_of(spans)
    answer = index.candidates(np.array(times))
    for request, at in enumerate(times):
        assert index.live_at(at).tolist() == scan(spans, at)
        assert answer.set(int(answer.of[request])).tolist() == scan(spans, at)


@given(windows, st.integers(1, 64))
def test_few_checkpoints_and_many_give_the_same_sets(spans: list[Span], stride: int) -> None:
    index = index_of(spans)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_sets, "_stride", lambda *_: stride)
        assert [index.live_at(at).tolist() for at in TIMES] == [scan(spans, at) for at in TIMES]
        assert len(index.sets.instants) == -(-len(set(index.starts) | set(index.ends)) // stride)


def test_checkpoints_thin_out_where_every_change_has_its_own_instant() -> None:
    n = 1000  # each is live for 50 steps: 1000 * 50 entries, were every change a checkpoint
    index = index_of([(i, i, 50) for i in range(n)], n)
    assert len(index.sets.live) <= live_sets.BUDGET * n
    assert index.live_at(500).tolist() == list(range(451, 501))


@given(windows, windows, windows)
def test_appending_equals_a_rebuild(
    first: list[Span], second: list[Span], third: list[Span]
) -> None:
    whole = index_of(first + second + third)
    index = index_of(first)
    index.live_at(0)  # so that there are live sets to renew
    for more in (second, third):
        index = index.appended(*columns(more))
    for one, other in zip(index.windows, whole.windows, strict=True):
        assert one.tolist() == other.tolist()
    assert [index.live_at(at).tolist() for at in TIMES] == [
        scan(first + second + third, at) for at in TIMES
    ]


@given(windows, windows)
def test_new_items_may_stand_anywhere_in_the_grown_vocabulary(
    spans: list[Span], more: list[Span]
) -> None:
    places = np.array([1, 2, 4, 5, 8, 9])  # of ten items, four are new
    index = index_of(spans)
    index.live_at(0)
    grown = index.moved(places, 10).appended(*columns(more))
    known = [(int(places[i]), s, n) for i, s, n in spans]
    assert [grown.live_at(at).tolist() for at in TIMES] == [scan(known + more, at) for at in TIMES]
    assert grown.candidates(np.array([3])).items.tolist() == scan(known + more, 3)


@given(windows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(spans: list[Span], random: Random) -> None:
    shuffled = random.sample(spans, len(spans))  # the clock runs backwards from row to row
    for one, other in zip(index_of(spans).windows, index_of(shuffled).windows, strict=True):
        assert one.tolist() == other.tolist()


def test_a_window_of_length_zero_is_never_live() -> None:
    index = index_of([(2, 5, 0), (3, 5, 1)])
    assert index.live_at(5).tolist() == [3]
    assert index.item.tolist() == [3]


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ContractError, match=r"row 1 starts at 5 and ends at 4; a window must not"):
        index_of([(2, 5, 1), (2, 5, -1)])


def test_nobody_is_live_before_between_and_after_the_windows() -> None:
    index = index_of([(1, 0, 2), (4, 6, 2)])
    answer = index.candidates(np.array([-1, 3, 8, 0]))
    assert answer.sizes().tolist() == [0, 0, 0, 1]
    assert [index.live_at(at).tolist() for at in (-1, 3, 8)] == [[], [], []]
    empty = index_of([])
    assert empty.live_at(0).tolist() == []
    assert empty.candidates(np.array([0, 7])).sizes().tolist() == [0, 0]


def test_a_streamer_is_live_before_its_first_row_only_where_windows_say_so() -> None:
    data = log([("ann", "early", 0), ("ann", "late", 9)])
    table = pd.DataFrame(
        {Columns.ITEM: ["late", "unheard of"], Columns.STARTS: [2, 2], Columns.ENDS: [12, 12]}
    )
    late = data.item_positions(["late"]).tolist()
    assert AvailabilityIndex.from_windows(table, data).live_at(3).tolist() == late
    watched = replace(data, ends=data.time + 3)
    assert AvailabilityIndex.from_interactions(watched).live_at(3).tolist() == []
    assert AvailabilityIndex.from_interactions(watched).live_at(9).tolist() == late


def test_few_instants_are_looked_up_and_many_are_swept_alike() -> None:
    spans = [(i % 50, 7 * i, 30) for i in range(400)]
    index = index_of(spans, 50)
    few = index.candidates(np.array([900, 30, 900]))
    assert len(few.indptr) == 3
    assert [few.set(int(s)).tolist() for s in few.of] == [scan(spans, at) for at in (900, 30, 900)]


def test_windows_that_touch_become_one_and_the_end_is_outside() -> None:
    item = np.array([3, 3])
    index = AvailabilityIndex.merged(4, item, np.array([0, 5]), np.array([5, 9]))
    assert (index.starts.tolist(), index.ends.tolist()) == ([0], [9])
    assert index.live_at(8).tolist() == [3]
    assert index.live_at(9).tolist() == []


def test_ticks_of_microseconds_do_not_overflow() -> None:
    century = 10**6 * 86_400 * 365 * 100
    item = np.array([10**7, 10**7 + 1])
    index = AvailabilityIndex.merged(
        2 * 10**7, item, np.array([-century, 0]), np.array([0, century])
    )
    assert index.live_at(-1).tolist() == [10**7]
    assert index.live_at(0).tolist() == [10**7 + 1]


def test_without_windows_everything_is_live() -> None:
    assert AvailabilityIndex.everything(3).live_at(10**9).tolist() == [0, 1, 2]


def test_an_exclusion_takes_one_item_from_one_request() -> None:
    pool = Candidates.shared(np.array([1, 4, 6]), 3).without(np.array([2, 0]), np.array([4, 9]))
    ((rows, items, excluded),) = pool.blocks(1000)
    assert items.tolist() == [1, 4, 6]
    assert excluded[rows == 2].tolist() == [[False, True, False]]
    assert pool.sizes().tolist() == [3, 3, 2]
    assert pool.take(np.array([1, 2])).sizes().tolist() == [3, 2]


def test_windows_end_where_nothing_is_known_any_more() -> None:
    # Item 0 is live in [0, 4) and [6, 9), item 1 in [5, 8); before 7: [0, 4), [6, 7), [5, 7).
    index = AvailabilityIndex.merged(
        2, np.array([0, 0, 1]), np.array([0, 6, 5]), np.array([4, 9, 8])
    )
    past = index.until(7)
    assert list(zip(*past.windows, strict=True)) == [(0, 0, 4), (0, 6, 7), (1, 5, 7)]
    assert index.until(5).item.tolist() == [0]
