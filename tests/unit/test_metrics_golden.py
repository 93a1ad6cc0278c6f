"""Lists worked out by hand, for every way in: scores, ranks and stored lists."""

from math import log2

import numpy as np
import pandas as pd
import pytest

from onstage.errors import ContractError
from onstage.metrics.catalog import AT_K, rank_metrics
from onstage.metrics.from_lists import metrics_of_lists
from onstage.metrics.ranks import Ranks


def measured(scores: list[float], relevant: list[int], k: int) -> dict[str, float]:
    """Every metric of one event with these scores."""
    values = np.array(scores)
    truth = values[relevant]
    ranks = Ranks.from_ties(
        np.zeros(len(truth), dtype=np.int64),
        (values > truth[:, None]).sum(axis=1),
        (values == truth[:, None]).sum(axis=1),
        np.array([len(values)]),
    )
    return {key.split("_at_")[0]: float(one[0]) for key, one in rank_metrics(ranks, (k,)).items()}


def test_several_relevant_items_of_which_one_is_below_the_depth() -> None:
    # Places of the relevant items: 1, 3 and 6 of 8; within 5 are two of the three.
    found = measured([9, 8, 7, 6, 5, 4, 3, 2], [0, 2, 5], 5)
    assert found == pytest.approx(
        {
            "hr": 1,
            "recall": 2 / 3,
            "recall_min": 2 / 3,
            "precision": 2 / 5,
            "ndcg": (1 / log2(2) + 1 / log2(4)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4)),
            "map": (1 / 1 + 2 / 3) / 3,
            "mrr": 1 / 1,
            # Of 3 x 5 pairs, 3 others stand above 6 and 1 above 3: 4 are wrong.
            "auc": 1 - 4 / 15,
        }
    )


def test_more_relevant_items_than_a_list_can_hold() -> None:
    # All of 1, 2, 3 are relevant, the list holds two of them: by n it cannot reach 1.
    found = measured([9, 8, 7, 6], [0, 1, 2], 2)
    assert found == pytest.approx(
        {
            "hr": 1,
            "recall": 2 / 3,
            "recall_min": 2 / 2,
            "precision": 2 / 2,
            "ndcg": 1,
            "map": (1 / 1 + 2 / 2) / 2,
            "mrr": 1,
            "auc": 1,
        }
    )


def test_a_tie_stands_at_its_mean_place() -> None:
    # Scores 9, then 5 three times (places 2, 3, 4: mean 3), then 1. One of the three is relevant.
    found = measured([9, 5, 5, 5, 1], [2], 3)
    assert found == pytest.approx(
        {
            "hr": 1,
            "recall": 1,
            "recall_min": 1,
            "precision": 1 / 3,
            "ndcg": (1 / log2(3 + 1)) / (1 / log2(2)),
            "map": 1 / 3,
            "mrr": 1 / 3,
            # Of 4 pairs one is right, two are tied, one is wrong.
            "auc": (1 + 2 * 0.5) / 4,
        }
    )


def test_relevant_items_that_tie_share_the_places_of_their_block() -> None:
    # Four at 5 (places 1 to 4), two of them relevant: expected at 5/3 and 10/3; depth 2 ends at 3.
    found = measured([5, 5, 5, 5, 1], [0, 3], 2)
    assert found == pytest.approx(
        {
            "hr": 1,
            "recall": 1 / 2,
            "recall_min": 1 / 2,
            "precision": 1 / 2,
            "ndcg": (1 / log2(5 / 3 + 1)) / (1 / log2(2) + 1 / log2(3)),
            "map": (1 / (5 / 3)) / 2,
            "mrr": 3 / 5,
            # Of 2 x 3 pairs, 2 are right (the last) and 4 tied.
            "auc": (2 + 4 * 0.5) / 6,
        }
    )


def test_fewer_candidates_than_the_depth() -> None:
    # Three candidates, the list of ten has three places; precision is still divided by ten.
    found = measured([3, 2, 1], [1], 10)
    assert found == pytest.approx(
        {
            "hr": 1,
            "recall": 1,
            "recall_min": 1,
            "precision": 1 / 10,
            "ndcg": 1 / log2(3),
            "map": 1 / 2,
            "mrr": 1 / 2,
            "auc": 1 / 2,
        }
    )


def test_everything_relevant_has_no_area_under_the_curve() -> None:
    found = measured([2, 1], [0, 1], 10)
    assert np.isnan(found.pop("auc"))
    assert found == pytest.approx({**dict.fromkeys(AT_K, 1), "precision": 2 / 10})


def lists(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])


def pairs(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["user_id", "item_id"])


RELEVANT = pairs(("ann", "x"), ("ann", "y"), ("ann", "z"), ("bob", "x"), ("ann", "x"))
"""Ann has three, one of them named twice; Bob one."""


def test_stored_lists_are_measured_without_a_model() -> None:
    recommended = lists(
        ("bob", "w", 1), ("ann", "y", 3), ("ann", "x", 1), ("ann", "w", 2), ("eve", "x", 1)
    )
    found = metrics_of_lists(recommended, RELEVANT, ks=(2, 10))
    assert found.index.tolist() == ["ann", "bob"]  # nothing is relevant for Eve: no row
    assert found["n_relevant"].tolist() == [3, 1]
    assert found["recall_at_2"].tolist() == pytest.approx([1 / 3, 0])
    assert found["recall_min_at_2"].tolist() == pytest.approx([1 / 2, 0])
    assert found["precision_at_10"].tolist() == pytest.approx([2 / 10, 0])
    assert found["map_at_10"].tolist() == pytest.approx([(1 / 1 + 2 / 3) / 3, 0])
    ideal = 1 / log2(2) + 1 / log2(3) + 1 / log2(4)
    assert found["ndcg_at_10"].tolist() == pytest.approx([(1 / log2(2) + 1 / log2(4)) / ideal, 0])
    assert found["mrr_at_2"].tolist() == [1, 0]


def test_a_user_who_got_no_list_was_shown_nothing_relevant() -> None:
    found = metrics_of_lists(lists(("ann", "x", 1)), RELEVANT, ks=(1,))
    assert found.loc["bob"].drop("n_relevant").tolist() == [0] * len(AT_K)
    empty = lists().astype({"user_id": "str", "item_id": "str", "rank": "int64"})
    nothing = metrics_of_lists(empty, RELEVANT, ks=(1,))
    assert nothing.drop(columns="n_relevant").eq(0).all(axis=None)


def test_stored_lists_of_integer_identifiers() -> None:
    recommended = pd.DataFrame({"user_id": [-5, -5], "item_id": [2**62, 7], "rank": [1, 2]})
    relevant = pd.DataFrame({"user_id": [-5, 0], "item_id": [7, 7]})
    assert metrics_of_lists(recommended, relevant, ks=(2,))["mrr_at_2"].tolist() == [1 / 2, 0]


def test_nothing_relevant_at_all_is_refused() -> None:
    with pytest.raises(ContractError, match="relevant: the table has no rows"):
        metrics_of_lists(lists(("ann", "x", 1)), RELEVANT.iloc[:0])


@pytest.mark.parametrize(
    ("recommended", "message"),
    [
        (lists(("ann", "x", 1), ("ann", "x", 2)), "user 'ann' has item 'x' twice"),
        (lists(("ann", "x", 1), ("ann", "y", 1)), "user 'ann' has two items at rank 1"),
        (lists(("ann", "x", 0)), "lists.rank: 0.0 found; ranks count from 1"),
        (lists(("ann", "x", 1)).assign(rank=np.nan), "lists.rank: nan found"),
        (pairs(("ann", "x")), "lists: no column 'rank'"),
    ],
)
def test_what_is_no_list_is_refused(recommended: pd.DataFrame, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        metrics_of_lists(recommended, RELEVANT)
