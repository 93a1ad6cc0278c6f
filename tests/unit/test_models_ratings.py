"""Ratings models: the target, what is refused, what is kept, what strangers get."""

import numpy as np
import pandas as pd
import pytest

from onstage.columns import Columns
from onstage.data.dataset import Dataset
from onstage.errors import CapabilityError, ConfigError, ContractError, FitError
from onstage.models.ratings.baseline_only import BaselineOnly, BaselineOnlyConfig
from onstage.models.ratings.co_clustering import CoClustering, CoClusteringConfig
from onstage.models.ratings.knn_means import KnnMeans, KnnMeansConfig
from onstage.models.ratings.nmf import Nmf, NmfConfig
from onstage.models.ratings.slope_one import SlopeOne, SlopeOneConfig
from onstage.models.ratings.svd import Svd, SvdConfig
from onstage.models.ratings.target import Ratings
from onstage.testing.examples import STEPS, crowd, log


def watches(rows: list[tuple[str, str, int, int, float]]) -> Dataset:
    """A dataset of (user, item, hour, hour it ended, weight)."""
    columns = [Columns.USER, Columns.ITEM, Columns.TIME, Columns.ENDS_AT, Columns.WEIGHT]
    return Dataset.from_interactions(pd.DataFrame(rows, columns=columns), clock=STEPS)


TWICE = [("ann", "jazz", 0, 1, 4.0), ("ann", "jazz", 5, 8, 2.0), ("bob", "rock", 1, 2, 5.0)]


def test_a_rating_is_the_mean_weight_of_a_pair() -> None:
    ratings = Ratings.of(watches(TWICE), "rating")
    assert ratings.value.tolist() == [(4.0 + 2.0) / 2, 5.0]
    assert ratings.scale == (3.0, 5.0)


def test_a_log_duration_is_the_logarithm_of_the_mean_seconds() -> None:
    ratings = Ratings.of(watches(TWICE), "log_duration")
    hours = [(1 + 3) / 2, 1]
    np.testing.assert_allclose(ratings.value, np.log([3600 * h for h in hours]))


def test_a_log_weight_is_the_logarithm_of_the_mean_weight() -> None:
    np.testing.assert_allclose(
        Ratings.of(watches(TWICE), "log_weight").value, [np.log(3.0), np.log(5.0)]
    )


def test_durations_need_ends() -> None:
    with pytest.raises(ContractError, match="this log has no ends, so no durations; give"):
        Ratings.of(log([(0, 0, 0)]), "log_duration")


def test_a_pair_that_lasted_no_time_has_no_logarithm() -> None:
    bad = watches([*TWICE, ("cat", "folk", 3, 3, 1.0)])
    expected = "1 of 3 pairs have a duration of 0 or less, first user 'cat' and item 'folk'"
    with pytest.raises(ContractError, match=expected):
        Ratings.of(bad, "log_duration")
    with pytest.raises(ContractError, match="have a weight of 0 or less, first user 'cat'"):
        Ratings.of(watches([*TWICE, ("cat", "folk", 3, 4, -1.0)]), "log_weight")


def test_a_negative_row_is_refused_though_its_pair_has_a_positive_mean() -> None:
    with pytest.raises(ContractError, match="1 of 2 pairs have a weight of 0 or less"):
        Ratings.of(watches([*TWICE, ("ann", "jazz", 9, 10, -1.0)]), "log_weight")


def test_no_rows_are_no_ratings() -> None:
    with pytest.raises(ContractError, match="no interactions, so no ratings"):
        Ratings.of(log([(0, 0, 0)]).where(np.array([], dtype=np.int64)), "rating")


def test_strangers_get_what_was_watched_longest() -> None:
    rows = [("ann", "jazz", 0, 9, 1.0), ("ann", "rock", 0, 1, 1.0), ("bob", "rock", 1, 2, 1.0)]
    model = BaselineOnly(BaselineOnlyConfig(target="log_duration")).fit(watches(rows))
    top = model.recommend(["eve"], k=2)
    assert top[Columns.ITEM].tolist() == ["jazz", "rock"]  # rock has more rows, jazz more hours
    assert top[Columns.SCORE].tolist() == [9 * 3600, 2 * 3600]
    assert top[Columns.FALLBACK].all()


def test_a_constant_target_is_said_to_be_one(caplog: pytest.LogCaptureFixture) -> None:
    Svd(SvdConfig(n_factors=2, n_epochs=2)).fit(log([(0, 0, 0), (1, 1, 0)]))
    assert "svd: every target is 1; there is nothing to learn but that" in caplog.text


def test_factors_that_are_never_negative_refuse_negative_targets() -> None:
    data = watches([("ann", "jazz", 0, 1, 0.5), ("bob", "rock", 1, 2, 5.0)])
    with pytest.raises(ContractError, match=r"nmf: the smallest target is -0\.69"):
        Nmf(NmfConfig(target="log_weight")).fit(data)


def test_steps_that_explode_are_an_error() -> None:
    with pytest.raises(FitError, match="svd: estimates are not finite; use smaller steps"):
        Svd(SvdConfig(n_factors=2, lr_all=1e3)).fit(crowd(0))


def test_what_would_not_fit_in_memory_is_refused() -> None:
    data = crowd(1)
    users, items = data.n_users, data.n_items
    with pytest.raises(ConfigError, match=f"{users} users, max_compared is 3; .* user_based: fals"):
        KnnMeans(KnnMeansConfig(max_compared=3)).fit(data)
    with pytest.raises(ConfigError, match=f"{items} items, max_compared is 3; .* user_based: true"):
        KnnMeans(KnnMeansConfig(max_compared=3, user_based=False)).fit(data)
    with pytest.raises(ConfigError, match=f"{items} rated items, max_items is 3"):
        SlopeOne(SlopeOneConfig(max_items=3)).fit(data)


def test_a_grid_keeps_the_half_that_surprise_cuts_off() -> None:
    rows = [("ann", "jazz", 0, 1, 4.5), ("ann", "rock", 0, 1, 4.0), ("bob", "rock", 0, 1, 3.0)]
    data = watches(rows)
    bob, jazz = data.user_positions(["bob"]), data.item_positions(["jazz"])
    cut = SlopeOne(SlopeOneConfig()).fit(data).estimates(bob, jazz)
    kept = SlopeOne(SlopeOneConfig(grid=2)).fit(data).estimates(bob, jazz)
    assert cut.tolist() == [3.0 + (4 - 4)]  # 4.5 became 4
    assert kept.tolist() == [3.0 + (4.5 - 4.0)]
    coarse = CoClustering(CoClusteringConfig(n_cltr_u=1, n_cltr_i=1)).fit(data)
    fine = CoClustering(CoClusteringConfig(n_cltr_u=1, n_cltr_i=1, grid=2)).fit(data)
    everything, mean_of_bob, mean_of_jazz = (4.5 + 4.0 + 3.0) / 3, 3.0, 4.5
    expected = everything + (mean_of_bob - everything) + (mean_of_jazz - everything)
    assert fine.estimates(bob, jazz)[0] == pytest.approx(expected)
    assert coarse.estimates(bob, jazz)[0] != pytest.approx(expected)


def test_only_what_compares_items_knows_similar_ones() -> None:
    data = crowd(2)
    by_item = KnnMeans(KnnMeansConfig(user_based=False)).fit(data)
    top = by_item.similar_items(data.items[[0]], k=2)
    place = data.item_positions(top[Columns.SIMILAR].to_numpy())
    np.testing.assert_allclose(top[Columns.SCORE], by_item._similar[0, place], rtol=1e-6)
    with pytest.raises(CapabilityError, match="knn_means compares users; set user_based: false"):
        KnnMeans(KnnMeansConfig()).fit(data).similar_items(data.items[[0]], k=2)
    with pytest.raises(CapabilityError, match="baseline_only cannot compare items"):
        BaselineOnly(BaselineOnlyConfig()).fit(data).similar_items(data.items[[0]], k=2)
    assert len(Svd(SvdConfig(n_factors=3)).fit(data).similar_items(data.items[[0, 1]], k=3)) == 6
