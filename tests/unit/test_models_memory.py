"""The memory ranks by the user's own rows before the request."""

from math import log2

import numpy as np
import pytest

from onstage.models.catalog import build
from onstage.models.memory import MemoryConfig
from onstage.testing.examples import log


ITEMS = ["a", "b", "c", "d"]
ROWS = [
    ("x", "a", 0), ("x", "a", 24), ("x", "b", 48), ("x", "c", 48), ("x", "a", 60),
    ("y", "d", 0), ("y", "d", 1), ("y", "c", 2),
]  # fmt: skip


def scores(config: MemoryConfig, at: int | None = None) -> list[float]:
    model = build(config).fit(log(ROWS))  # type: ignore[arg-type]
    return model.score(["x"], ITEMS, at=at)[0].tolist()


def test_by_count_counts() -> None:
    assert scores(MemoryConfig()) == [3, 1, 1, 0]


def test_a_row_at_the_very_time_of_the_request_is_not_seen() -> None:
    assert scores(MemoryConfig(), at=60) == [2, 1, 1, 0]
    assert scores(MemoryConfig(), at=61) == [3, 1, 1, 0]


def test_by_recency_the_latest_is_first_and_equal_times_are_equal() -> None:
    # times before 60 are 0, 24 and 48: a was last had at the second of them, b and c at the third
    assert scores(MemoryConfig(kind="recency"), at=60) == [2, 3, 3, 0]


def test_by_decay_a_row_loses_half_in_a_half_life() -> None:
    config = MemoryConfig(kind="decay", half_life_days=1)
    # relative to the first row at hour 0: a has 2^0 + 2^1, b and c have 2^2, one row each
    expected = [1 + log2(1 + 2), 1 + log2(4), 1 + log2(4), 0]
    assert scores(config, at=60) == pytest.approx(expected)


def test_decay_does_not_underflow() -> None:
    old = log([("x", "a", 0), ("x", "b", 1), ("x", "c", 24 * 365 * 30)])
    model = build(MemoryConfig(kind="decay", half_life_days=0.5)).fit(old)
    a, b, c = model.score(["x"], ["a", "b", "c"])[0]
    assert 0 < a < b < c


@pytest.mark.parametrize("kind", ["count", "recency", "decay"])
def test_backoff_breaks_ties_by_popularity_and_overrules_nothing(kind: str) -> None:
    plain = np.array(scores(MemoryConfig(kind=kind), at=60))  # type: ignore[arg-type]
    a, b, c, d = scores(MemoryConfig(kind=kind, backoff=True), at=60)  # type: ignore[arg-type]
    assert b < c  # had alike; c has two rows in training, b one
    assert 0 < d < min(a, b)  # never had, yet not nothing
    assert (plain[0] > plain[1]) == (a > c) == (a > b)  # a is the most popular of all


def test_a_user_without_an_earlier_row_is_a_stranger() -> None:
    model = build(MemoryConfig()).fit(log(ROWS))  # type: ignore[arg-type]
    assert model.recommend(["y"], k=4, at=0)["fallback"].all()
    assert not model.recommend(["y"], k=4, at=1)["fallback"].any()


def test_an_item_without_training_rows_can_be_remembered() -> None:
    train = log([("x", "a", 0)], items=["a", "b"])
    later = log([("x", "a", 0), ("x", "b", 1), ("x", "b", 2)])
    model = build(MemoryConfig()).fit(train).observe(later)
    assert model.recommend(["x"], k=2)["item_id"].tolist() == ["b", "a"]
