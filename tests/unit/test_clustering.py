from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from onstage.clustering.choice import choose_k, knee, separation
from onstage.clustering.config import ClusterConfig
from onstage.clustering.files import read_clusters, write_clusters
from onstage.clustering.kmeans import cluster, cluster_dataset
from onstage.clustering.scaling import Scaling
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, ContractError, StoreError


def blobs(centres: list[tuple[float, float]], size: int, seed: int = 3) -> pd.DataFrame:
    """`size` points with standard deviation 1 around each centre, rows in group order."""
    rng = np.random.default_rng(seed)
    points = np.vstack([rng.normal(c, 1.0, (size, 2)) for c in centres])
    return pd.DataFrame(points, columns=["a", "b"], index=[f"u{i}" for i in range(len(points))])


def agreement(labels: pd.Series, truth: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(truth, labels))


@pytest.mark.parametrize("groups", [2, 3, 4, 6, 8])
def test_planted_groups_are_found_and_counted(groups: int) -> None:
    around = [(14 * np.cos(a), 14 * np.sin(a)) for a in 2 * np.pi * np.arange(groups) / groups]
    made = cluster(blobs(around, 40), ClusterConfig(scaling="raw"))
    assert made.k == groups
    assert agreement(made.labels["cluster"], np.repeat(np.arange(groups), 40)) > 0.98


def spenders() -> tuple[pd.DataFrame, np.ndarray]:
    """Two groups by comments and views; coins are drawn alike for both, from a heavy tail."""
    rng = np.random.default_rng(5)
    truth = np.repeat([0, 1], 150)
    comments = rng.lognormal(np.where(truth, 4.0, 0.5), 0.4)
    views = rng.lognormal(np.where(truth, 5.0, 1.5), 0.4)
    coins = rng.lognormal(6.0, 2.0, 300)
    return pd.DataFrame({"views": views, "comments": comments, "coins": coins}), truth


def test_with_log_scaling_coins_do_not_decide_alone_and_raw_they_do() -> None:
    features, truth = spenders()
    by_log = cluster(features, ClusterConfig(k=2, scaling="log"))
    by_raw = cluster(features, ClusterConfig(k=2, scaling="raw"))
    assert agreement(by_log.labels["cluster"], truth) > 0.95
    assert agreement(by_raw.labels["cluster"], truth) < 0.1


def test_cluster_one_is_the_largest_and_a_second_run_says_the_same() -> None:
    features = pd.concat([blobs([(0, 0)], 20), blobs([(30, 0)], 60), blobs([(0, 30)], 40)])
    features.index = pd.Index(range(120), name="user_id")
    first = cluster(features, ClusterConfig(scaling="raw"))
    again = cluster(features, ClusterConfig(scaling="raw", seed=99))
    assert first.profile["size"].tolist() == [60, 40, 20]
    assert first.labels.columns.tolist() == ["user_id", "cluster", "distance"]
    pd.testing.assert_frame_equal(first.labels, again.labels)
    assert first.labels.loc[first.labels["user_id"] == 25, "cluster"].tolist() == [1]


def test_equal_sizes_are_numbered_by_their_centre() -> None:
    features = pd.DataFrame({"x": [9.0, 9.1, 1.0, 1.1, 5.0, 5.1]})
    labels = [
        cluster(features, ClusterConfig(k=3, scaling="raw", seed=seed)).labels["cluster"].tolist()
        for seed in range(3)
    ]
    assert labels == [[3, 3, 1, 1, 2, 2]] * 3


def test_the_profile_has_shares_medians_and_centres_in_original_units() -> None:
    features = pd.DataFrame({"coins": [0.0, 0.0, 3.0, 100.0, 100.0]})
    made = cluster(features, ClusterConfig(k=2))
    assert made.profile["size"].tolist() == [3, 2]
    assert made.profile["share"].tolist() == [0.6, 0.4]
    assert made.profile["coins"].tolist() == [0, 100]
    # mean of log(1 + x) over 0, 0, 3 is log(4) / 3, so the centre is 4 ** (1 / 3) - 1
    assert made.centres["coins"].tolist() == pytest.approx([4 ** (1 / 3) - 1, 100])


def test_words_name_the_largest_deviations_and_the_usual_hour() -> None:
    # three of four quiet at 6 h, one loud at 18 h
    sines = [1.0, 1.0, 1.0, -1.0]
    features = pd.DataFrame({"coins": [1, 1, 1, 900], "hour_sin": sines, "hour_cos": 0.0})
    described = cluster(features, ClusterConfig(k=2)).describe()
    assert described[2] == "high coins, usual hour 18"
    assert described[1] == "low coins, usual hour 6"
    alike = cluster(pd.DataFrame({"coins": [2, 2, 2]}), ClusterConfig())
    assert alike.describe().tolist() == ["near the average"]


def test_equal_rows_are_one_cluster() -> None:
    made = cluster(pd.DataFrame({"a": [5.3] * 7, "b": [0.1] * 7}), ClusterConfig())
    assert made.k == 1
    assert made.elbow["inertia"].tolist() == [0]
    assert made.labels["cluster"].tolist() == [1] * 7


def test_a_single_row_is_one_cluster() -> None:
    assert cluster(pd.DataFrame({"a": [1.0]}), ClusterConfig()).k == 1


def test_no_more_clusters_than_distinct_rows() -> None:
    features = pd.DataFrame({"a": [1, 1, 2, 2, 2, 50]})
    made = cluster(features, ClusterConfig())
    assert made.elbow["k"].tolist() == [1, 2, 3]
    with pytest.raises(ConfigError, match="k = 4, but only 3 rows differ; lower k"):
        cluster(features, ClusterConfig(k=4))


@pytest.mark.parametrize(
    ("features", "match"),
    [
        (pd.DataFrame({"a": []}), "0 rows and 1 columns"),
        (pd.DataFrame(index=[1, 2]), "2 rows and 0 columns"),
        (pd.DataFrame({"a": ["x"]}), r"features\.a: dtype"),
        (pd.DataFrame({"a": [1, 2], "b": [np.nan, 1]}), r"features\.b: 1 missing"),
        (pd.DataFrame({"a": [np.inf, 2]}), r"features\.a: 1 missing or infinite"),
    ],
)
def test_what_cannot_be_clustered_is_refused(features: pd.DataFrame, match: str) -> None:
    with pytest.raises(ContractError, match=match):
        cluster(features, ClusterConfig())


def test_many_rows_go_in_mini_batches_and_still_find_the_groups() -> None:
    features = blobs([(0, 0), (15, 0), (0, 15)], 400)
    config = ClusterConfig(scaling="raw", mini_batch_above=500, silhouette_sample=200, k_max=6)
    made = cluster(features, config)
    assert made.k == 3
    assert agreement(made.labels["cluster"], np.repeat(np.arange(3), 400)) > 0.98


def test_mini_batches_end_where_all_rows_would() -> None:
    rng = np.random.default_rng(8)
    features = pd.DataFrame(rng.lognormal(size=(3_000, 4)), columns=list("abcd"))
    whole = cluster(features, ClusterConfig(k_max=6)).elbow["inertia"]
    parts = cluster(features, ClusterConfig(k_max=6, mini_batch_above=2_999)).elbow["inertia"]
    assert (parts / whole).max() < 1.01


def test_the_knee_is_farthest_below_the_line_from_first_to_last() -> None:
    # scaled: 1, .5, .1, .05, 0; the line: 1, .75, .5, .25, 0; the gap is largest at the third
    assert knee(np.array([100.0, 50, 10, 5, 0])) == 3
    assert knee(np.array([4.0, 3, 2, 1])) == 1  # straight: no bend
    assert knee(np.array([7.0, 7, 7])) == 1
    assert knee(np.array([9.0, 1])) == 1


def test_from_the_knee_on_the_smallest_k_near_the_best_silhouette_is_taken() -> None:
    elbow = pd.DataFrame(
        {
            "k": [1, 2, 3, 4, 5],
            "inertia": [100.0, 50, 10, 5, 0],
            "silhouette": [np.nan, 0.9, 0.40, 0.55, 0.56],
        }
    )
    k, reason = choose_k(elbow)
    assert k == 4  # 2 is before the knee, 3 too low, 5 better by .01 only
    assert "bends at 3" in reason
    assert "reasonable structure" in reason


def test_words_for_silhouettes_follow_kaufman_and_rousseeuw() -> None:
    words = [separation(s) for s in (0.71, 0.7, 0.5, 0.26, 0.25, -0.3)]
    assert [w.removesuffix(" structure") for w in words] == [
        "strong",
        "reasonable",
        "weak",
        "weak",
        "no substantial",
        "no substantial",
    ]


numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


@hypothesis_settings(deadline=None)
@given(
    st.sampled_from(["log", "robust", "raw"]),
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20),
)
def test_scaling_can_be_undone_and_never_divides_by_zero(
    name: str, rows: list[tuple[float, float]]
) -> None:
    features = pd.DataFrame(rows, columns=["a", "b"])
    scaling = Scaling.fit(name, features)  # type: ignore[arg-type]
    scaled = scaling.apply(features)
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaling.undo(scaled), features, rtol=1e-6, atol=1e-6)


def test_clusters_survive_the_disk(tmp_path: Path) -> None:
    made = cluster(blobs([(0, 0), (20, 0)], 10), ClusterConfig())
    write_clusters(made, tmp_path / "users")
    back = read_clusters(tmp_path / "users")
    for name in ("labels", "elbow", "centres", "deviations", "profile"):
        pd.testing.assert_frame_equal(getattr(back, name), getattr(made, name))
    assert (back.k, back.reason, back.scaling) == (made.k, made.reason, made.scaling)
    (tmp_path / "users" / "elbow.parquet").write_bytes(b"broken")
    with pytest.raises(StoreError, match="run the cluster step again"):
        read_clusters(tmp_path / "users")


def small_log() -> Dataset:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            Columns.USER: rng.integers(0, 30, 300),
            Columns.ITEM: rng.integers(0, 12, 300),
            Columns.TIME: rng.integers(0, 500, 300),
        }
    )
    return Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))


def test_users_and_items_are_clustered_apart_and_can_be_switched_off() -> None:
    both = cluster_dataset(small_log(), ClusterConfig(k_max=4))
    items = cluster_dataset(small_log(), ClusterConfig(k_max=4, users=False))
    assert list(both) == ["users", "items"]
    assert list(items) == ["items"]
    pd.testing.assert_frame_equal(both["items"].labels, items["items"].labels)
    assert both["users"].labels.columns.tolist() == [Columns.USER, Columns.CLUSTER, "distance"]
    assert len(both["items"].labels) == 12


def test_chosen_features_are_used_and_unknown_ones_named() -> None:
    made = cluster_dataset(
        small_log(), ClusterConfig(k=2, items=False, user_columns=("interactions",))
    )
    assert made["users"].centres.columns.tolist() == ["interactions"]
    with pytest.raises(ConfigError, match="users: no feature 'coins'; choose from"):
        cluster_dataset(small_log(), ClusterConfig(user_columns=("coins",)))


def test_the_configuration_is_closed_and_survives_json() -> None:
    config = ClusterConfig(k=4, scaling="robust")
    assert ClusterConfig.model_validate_json(config.model_dump_json()) == config
    with pytest.raises(ValidationError, match="Extra inputs"):
        ClusterConfig.model_validate({"clusters": 4})
