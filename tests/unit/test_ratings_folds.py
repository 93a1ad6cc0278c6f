"""Folds of ratings, the errors on them, and seconds out of logarithms."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onstage.errors import CapabilityError, SplitError
from onstage.evaluation.ratings.accuracy import examine
from onstage.evaluation.ratings.folds import Fold, hold_out, k_folds, sampled
from onstage.evaluation.ratings.parallel import examiner, fold_seed
from onstage.evaluation.ratings.seconds import Retransformation, in_seconds
from onstage.models.popularity import PopularityConfig
from onstage.models.ratings.baseline_only import BaselineOnlyConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.models.ratings.target import Ratings
from onstage.testing.examples import crowd


def ratings(seed: int = 0, rows: int = 300) -> Ratings:
    return Ratings.of(crowd(seed, users=25, items=30, rows=rows), "rating")


def pairs(some: Ratings) -> set[tuple[int, int]]:
    return set(zip(some.user.tolist(), some.item.tolist(), strict=True))


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@given(st.integers(2, 12))
def test_every_rating_is_asked_once_and_never_by_who_learned_it(k: int) -> None:
    whole = ratings()
    folds = k_folds(whole, k, rng())
    asked = [pairs(fold.test) for fold in folds]
    assert sum(len(one) for one in asked) == len(whole)
    assert set.union(*asked) == pairs(whole)
    assert max(map(len, asked)) - min(map(len, asked)) <= 1
    for fold in folds:
        assert pairs(fold.train) == pairs(whole) - pairs(fold.test)


def test_as_many_folds_as_ratings_leave_one_out_and_more_are_refused() -> None:
    three = ratings().take(np.arange(3))
    assert [len(fold.test) for fold in k_folds(three, 3, rng())] == [1, 1, 1]
    with pytest.raises(SplitError, match="4 folds of 3 ratings: there must be at least 2 folds"):
        k_folds(three, 4, rng())
    with pytest.raises(SplitError, match="1 folds of 3 ratings"):
        k_folds(three, 1, rng())


def test_one_rating_cannot_be_held_out() -> None:
    one = ratings().take(np.arange(1))
    with pytest.raises(SplitError, match=r"hold-out of 0\.2: it takes 0 of 1 ratings"):
        hold_out(one, 0.2, rng())


def test_a_hold_out_has_its_share() -> None:
    whole = ratings()
    fold = hold_out(whole, 0.25, rng())
    assert len(fold.test) == round(0.25 * len(whole))
    assert pairs(fold.train) | pairs(fold.test) == pairs(whole)


def test_a_sample_is_of_the_pairs_and_the_same_for_the_same_seed() -> None:
    whole = ratings()
    some = sampled(whole, 50, rng())
    assert len(pairs(some)) == 50
    assert pairs(some) < pairs(whole)
    assert pairs(some) == pairs(sampled(whole, 50, rng()))
    assert sampled(whole, 10**6, rng()) is whole


def test_errors_are_those_that_surprise_measures() -> None:
    from surprise import Dataset, Reader, accuracy

    fold = hold_out(ratings(1), 0.3, rng())
    found, estimates = examine(SvdConfig(n_factors=4, n_epochs=5), fold, seed=9)
    train = pd.DataFrame({"u": fold.train.user, "i": fold.train.item, "r": fold.train.value})
    data = Dataset.load_from_df(train, Reader(rating_scale=fold.train.scale))
    engine = SvdConfig(n_factors=4, n_epochs=5)
    from onstage.models.ratings.svd import Svd

    theirs = Svd(engine)._engine(9).fit(data.build_full_trainset())
    asked = zip(fold.test.user.tolist(), fold.test.item.tolist(), fold.test.value, strict=True)
    answers = theirs.test(list(asked))
    assert found.rmse == pytest.approx(accuracy.rmse(answers, verbose=False), abs=1e-9)
    assert found.mae == pytest.approx(accuracy.mae(answers, verbose=False), abs=1e-9)
    np.testing.assert_allclose(estimates, [one.est for one in answers], atol=1e-9)


def test_who_was_not_trained_is_counted() -> None:
    whole = ratings(2)
    alone = whole.take(whole.user == 0)
    fold = Fold(whole.take(whole.user != 0), alone)
    assert examine(BaselineOnlyConfig(), fold, 0)[0].known == 0.0


def test_what_estimates_nothing_is_refused() -> None:
    with pytest.raises(CapabilityError, match="popularity estimates no ratings; use svd"):
        examine(PopularityConfig(), hold_out(ratings(), 0.2, rng()), 0)


@pytest.mark.integration
def test_processes_find_what_one_process_finds() -> None:
    folds = k_folds(ratings(4), 3, rng())
    config = SvdConfig(n_factors=3, n_epochs=4)
    with examiner(folds, 5, 1) as alone, examiner(folds, 5, 2) as together:
        one, two = list(alone(config)), list(together(config))
    assert [a.rmse for a in one] == [b.rmse for b in two]
    assert len({fold_seed(5, number) for number in range(3)}) == 3


def test_smearing_is_the_mean_of_exponentials() -> None:
    found = Retransformation.of(np.log(np.array([0.5, 1.0, 4.5])))
    assert found.smearing == pytest.approx((0.5 + 1.0 + 4.5) / 3)


def test_both_corrections_find_the_mean_of_a_lognormal() -> None:
    sigma = 0.8
    noise = np.random.default_rng(0).normal(0, sigma, 200_000)
    found = Retransformation.of(noise)
    assert found.lognormal == pytest.approx(math.exp(sigma**2 / 2), rel=0.01)
    assert found.smearing == pytest.approx(math.exp(sigma**2 / 2), rel=0.02)
    truth, estimate = 7.0 + noise, np.full(len(noise), 7.0)  # the best estimate of a logarithm
    raw = in_seconds(truth, estimate)
    corrected = in_seconds(truth, estimate, found.smearing)
    assert raw.bias == pytest.approx(math.exp(-(sigma**2) / 2) - 1, abs=0.01)  # 27 % too little
    assert corrected.bias == pytest.approx(0.0, abs=1e-9)
    assert corrected.rmse < raw.rmse


def test_errors_in_seconds_are_shown() -> None:
    found = in_seconds(np.log([100.0, 200.0]), np.log([110.0, 170.0]))
    assert found.rmse == pytest.approx(math.sqrt((10**2 + 30**2) / 2))
    assert found.mae == pytest.approx((10 + 30) / 2)
    assert found.bias == pytest.approx(280 / 300 - 1)
