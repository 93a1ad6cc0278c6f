import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex


windows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-30, 30), st.integers(1, 9)), max_size=30
)


@given(windows, st.lists(st.integers(-35, 45), min_size=1, max_size=20))
def test_the_index_answers_as_a_scan_of_all_windows_does(
    spans: list[tuple[int, int, int]], times: list[int]
) -> None:
    item, start, length = (
        (np.array(list(c), dtype=np.int64) for c in zip(*spans, strict=True))
        if (spans)
        else (np.empty(0, dtype=np.int64),) * 3
    )
    index = AvailabilityIndex.merged(6, item, start, start + length)
    answer = index.candidates(np.array(times))
    for request, at in enumerate(times):
        live = sorted({i for i, s, n in spans if s <= at < s + n})
        assert index.live_at(at).tolist() == live
        assert answer.set(int(answer.of[request])).tolist() == live


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
