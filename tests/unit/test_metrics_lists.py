from math import log2

import numpy as np
from scipy import sparse

from onstage.metrics.lists import mean_per_event, new_items, self_information


def test_coverage_counts_an_item_in_the_first_list_that_has_it() -> None:
    # Lists: [4, 7], [7, 9], [4]. New: 2, then 9 only, then nothing.
    event, item = np.array([0, 0, 1, 1, 2]), np.array([4, 7, 7, 9, 4])
    assert new_items(event, item, 4).tolist() == [2, 1, 0, 0]


def test_coverage_does_not_depend_on_the_order_of_the_rows() -> None:
    event, item = np.array([2, 1, 0, 1, 0]), np.array([4, 9, 7, 7, 4])
    assert new_items(event, item, 3).tolist() == [2, 1, 0]


def test_self_information_is_in_bits_of_the_share_of_users() -> None:
    # 3 active users. Item 0 had by all of them, item 1 by one (twice), item 2 by nobody.
    counts = sparse.csr_matrix(np.array([[1, 2, 0], [1, 0, 0], [5, 0, 0], [0, 0, 0]]))
    expected = [-log2(4 / 4), -log2(2 / 4), -log2(1 / 4)]
    np.testing.assert_allclose(self_information(counts), expected)


def test_an_empty_list_has_no_mean() -> None:
    found = mean_per_event(np.array([0, 0, 2]), np.array([1.0, 3.0, 5.0]), 3)
    np.testing.assert_array_equal(found, [2.0, np.nan, 5.0])
