"""Baselines that learn only from what was live: masked MF, BPR with live negatives."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.bpr import Bpr, BprConfig
from onstage.models.config import FitOptions
from onstage.models.exposure import live_negatives, offered
from onstage.models.mf import Mf, MfConfig
from onstage.models.triples import Triples
from onstage.testing.examples import crowd, log


def live_crowd(seed: int) -> tuple[Dataset, AvailabilityIndex]:
    data = crowd(seed)
    return data, AvailabilityIndex.from_interactions(data)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_an_unavailable_item_is_never_a_negative(seed: int) -> None:
    data, index = live_crowd(seed)
    rng = np.random.default_rng(seed)
    live = [set(index.live_at(int(t))) for t in data.time]
    drawn = live_negatives(index.candidates(data.time), rng)
    assert all(item in alive for item, alive in zip(drawn, live, strict=True))
    counts = np.zeros((data.n_users, data.n_items))
    for user, alive in zip(data.user, live, strict=True):
        counts[user, list(alive)] += 1
    np.testing.assert_array_equal(offered(data, index, None, rng).toarray(), counts)
    assert (offered(data, index, 3, rng).toarray()[counts == 0] == 0).all()


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_a_triple_is_a_row_and_somebody_else_who_was_live_then(seed: int) -> None:
    data, index = live_crowd(seed)
    triples = Triples(data, index.candidates(data.time), verify=True)
    possible = {
        (user, item, other)
        for user, item, time in zip(data.user, data.item, data.time, strict=True)
        for other in index.live_at(int(time))
    }
    had = set(zip(data.user, data.item, strict=True))
    drawn = list(zip(*triples.draw(np.random.default_rng(seed)), strict=True))
    assert set(drawn) <= possible
    assert had.isdisjoint((user, other) for user, _, other in drawn)


def test_nobody_live_gives_no_negative() -> None:
    index = AvailabilityIndex.merged(3, np.array([1]), np.array([0]), np.array([5]))
    drawn = live_negatives(index.candidates(np.array([4, 5, 0])), np.random.default_rng(0))
    assert drawn.tolist() == [1, -1, 1]


def test_a_sample_of_the_live_stands_for_all_of_them() -> None:
    data, index = live_crowd(1)
    whole = offered(data, index, None, np.random.default_rng(0)).sum()
    some = [offered(data, index, 4, np.random.default_rng(s)).sum() for s in range(40)]
    assert np.mean(some) == pytest.approx(whole, rel=0.05)  # chosen items are always kept: above


def test_what_was_chosen_was_on_offer_even_where_the_windows_say_no() -> None:
    data = log([("ann", "a", 0), ("ann", "b", 1), ("ann", "a", 2)])
    index = AvailabilityIndex.merged(2, np.array([1]), np.array([0]), np.array([9]))  # only b
    assert offered(data, index, None, np.random.default_rng(0)).toarray().tolist() == [[2, 3]]


def test_mf_minimises_the_masked_loss_of_every_row_and_live_item() -> None:
    data, index = live_crowd(2)
    config = MfConfig(factors=3, iterations=200, regularization=2.0, alpha=1.0, sparse_rows=0)
    model = Mf(config).fit(data, FitOptions(availability=index))

    def loss(users: np.ndarray, items: np.ndarray) -> float:
        vectors, bias = items[:, :-1], items[:, -1]
        total = 2.0 * ((users[:, :-1] ** 2).sum() + (items**2).sum())
        for user, item, time in zip(data.user, data.item, data.time, strict=True):
            live = index.live_at(int(time))
            total += ((users[user, :-1] @ vectors[live].T + bias[live] - (live == item)) ** 2).sum()
        return total

    users = model.user_factors.astype(np.float64)
    items = model.item_factors.astype(np.float64)
    found, rng = loss(users, items), np.random.default_rng(0)
    for _ in range(20):
        other = rng.normal(scale=0.02, size=users.shape), rng.normal(scale=0.02, size=items.shape)
        assert loss(users + other[0], items + other[1]) > found


def test_a_rarely_live_favourite_beats_one_that_was_always_there() -> None:
    """Ann takes `rare` each of the 3 times it is live, and `usual` 5 of the 20 times it is."""
    rows = [("ann", "rare" if t % 8 == 0 else "usual" if t % 4 else "other", t) for t in range(24)]
    rows += [("bob", "other", t) for t in range(24)]
    data = log(rows)
    rare = data.item_positions(["rare"])[0]
    starts = np.array([0, 8, 16, 0, 0])
    item = np.array([rare] * 3 + data.item_positions(["usual", "other"]).tolist())
    index = AvailabilityIndex.merged(3, item, starts, np.array([1, 9, 17, 24, 24]))
    config = MfConfig(factors=2, regularization=0.1, alpha=1.0, sparse_rows=0)
    masked = Mf(config).fit(data, FitOptions(availability=index)).recommend(["ann"], k=1)
    plain = Mf(config).fit(data).recommend(["ann"], k=1)
    assert masked[Columns.ITEM].tolist() == ["rare"]  # 3 of 3, against 18 of 24
    assert plain[Columns.ITEM].tolist() == ["usual"]  # 18 rows, against 3


def test_users_with_few_rows_are_answered_by_what_co_occurs() -> None:
    rows = [(user, item, t) for user in range(8) for t, item in enumerate(["x", "y"] * 4)]
    rows += [(user, item, t) for user in range(8, 16) for t, item in enumerate(["p", "q"] * 4)]
    data = log([*rows, ("new", "p", 9)])
    model = Mf(MfConfig(factors=4, sparse_rows=3)).fit(data)
    top = model.recommend(["new"], k=2)
    assert top[Columns.ITEM].tolist() == ["p", "q"]  # what the user had, then what goes with it
    assert not top[Columns.FALLBACK].any()
    # q's users: 8; p's: 9; in common 8: cosine 8 / sqrt(72)
    np.testing.assert_allclose(top[Columns.SCORE], [1, 8 / np.sqrt(72)], rtol=1e-6)


def test_a_user_of_the_history_only_is_known_by_co_occurrence() -> None:
    data = log([(user, item, t) for user in range(6) for t, item in enumerate("xyxy")])
    later = log([(user, item, t) for user in range(6) for t, item in enumerate("xyxy")])
    trained = data.where(data.user != 5)
    model = Mf(MfConfig(factors=2, sparse_rows=2)).fit(trained)
    asked = Requests(np.array([5, 5]), np.array([0, 9]))
    assert not model.knows_users(asked).any()
    assert model.observe(later).knows_users(asked).tolist() == [False, True]


def test_live_negatives_teach_what_is_chosen_while_it_is_live() -> None:
    data, index = live_crowd(3)
    live = Bpr(BprConfig(factors=4, iterations=5, negatives="live"))
    one = live.fit(data, FitOptions(seed=1, availability=index)).item_factors
    two = live.fit(data, FitOptions(seed=1)).item_factors
    assert not np.array_equal(one, two)  # the windows matter to training


def test_popular_negatives_ignore_the_windows() -> None:
    data, index = live_crowd(3)
    popular = Bpr(BprConfig(factors=4, iterations=5))
    one = popular.fit(data, FitOptions(seed=1, availability=index)).item_factors
    assert np.array_equal(one, popular.fit(data, FitOptions(seed=1)).item_factors)


@pytest.mark.parametrize("config", [MfConfig(factors=3), BprConfig(factors=3, negatives="live")])
def test_the_same_seed_gives_the_same_factors_with_windows(config: MfConfig | BprConfig) -> None:
    data, index = live_crowd(4)
    options = FitOptions(seed=5, availability=index)
    build = Mf if isinstance(config, MfConfig) else Bpr
    one, two = (build(config).fit(data, replace(options, threads=n)) for n in (1, 2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.user_factors, two.user_factors)
    np.testing.assert_array_equal(one.item_factors, two.item_factors)
