import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.metrics.ranks import Ranks


def ranks(*events: list[float], candidates: int = 100) -> Ranks:
    """Ranks given directly, one list an event, ascending."""
    event = np.repeat(np.arange(len(events)), [len(e) for e in events])
    flat = np.array([rank for e in events for rank in e], dtype=np.float64)
    return Ranks(event, flat, np.full(len(events), candidates))


def tied(*blocks: tuple[int, int, int]) -> Ranks:
    """One event; each block is (candidates ahead, candidates in it, relevant ones in it)."""
    ahead = np.concatenate([np.full(m, a) for a, _, m in blocks])
    size = np.concatenate([np.full(m, b) for _, b, m in blocks])
    event = np.zeros(len(ahead), dtype=np.int64)
    return Ranks.from_ties(event, ahead, size, np.array([max(a + b for a, b, _ in blocks)]))


def test_without_ties_the_rank_is_one_more_than_those_ahead() -> None:
    assert tied((0, 1, 1), (4, 1, 1)).rank.tolist() == [1, 5]


def test_one_relevant_item_stands_at_the_mean_rank_of_its_block() -> None:
    # Places 3, 4, 5, 6 are tied: (3 + 4 + 5 + 6) / 4 = 4.5
    assert tied((2, 4, 1)).rank.tolist() == [4.5]


def test_relevant_items_that_share_a_block_are_spread_over_it() -> None:
    # Two of places 1, 2, 3, 4, 5: the expected smaller is 6/3 = 2, the expected larger 4.
    assert tied((0, 5, 2)).rank.tolist() == [2, 4]
    # All of a block stand at its places.
    assert tied((3, 3, 3)).rank.tolist() == [4, 5, 6]


@settings(max_examples=40)
@given(st.integers(0, 9), st.integers(1, 12), st.data())
def test_places_in_a_block_are_those_expected_of_a_shuffle(
    ahead: int, size: int, data: st.DataObject
) -> None:
    shared = data.draw(st.integers(1, size))
    found = tied((ahead, size, shared)).rank
    # The mean of all C(size, shared) subsets, in order.
    from itertools import combinations

    subsets = np.array(list(combinations(range(ahead + 1, ahead + size + 1), shared)))
    np.testing.assert_allclose(found, subsets.mean(axis=0))


def test_events_are_sorted_whatever_order_they_come_in() -> None:
    made = Ranks.from_ties(
        np.array([1, 0, 1]), np.array([7, 0, 2]), np.array([1, 1, 1]), np.array([9, 9])
    )
    assert made.event.tolist() == [0, 1, 1]
    assert made.rank.tolist() == [1, 3, 8]
    assert made.order.tolist() == [1, 1, 2]
    assert made.n_relevant.tolist() == [1, 2]


def test_blocks_of_different_events_do_not_mix() -> None:
    made = Ranks.from_ties(np.array([0, 1]), np.array([0, 0]), np.array([3, 3]), np.array([3, 3]))
    assert made.rank.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("block", "within"), [((0, 1, 1), True), ((0, 2, 1), True), ((0, 3, 1), False)]
)
def test_depth_one_takes_a_pair_that_is_tied_at_the_top_but_no_triple(
    block: tuple[int, int, int], within: bool
) -> None:
    # Mean ranks counted from 0: 0, 0.5 and 1. Below 1 is within depth 1.
    assert tied(block).within(1).tolist() == [within]
