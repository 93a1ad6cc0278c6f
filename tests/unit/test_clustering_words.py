"""What clusters are called, and which feature made them."""

import numpy as np
import pandas as pd
import pytest

from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster, selected
from onstage.clustering.scalings import between, dominance


def spenders(size: int = 300) -> pd.DataFrame:
    """Viewers who differ by streams and comments; a few of them give a great many coins."""
    rng = np.random.default_rng(5)
    heavy = np.arange(size) % 2
    coins = np.where(rng.random(size) < 0.1, rng.lognormal(6.0, 2.0, size), 0.0)
    return pd.DataFrame(
        {
            "streams_viewed": rng.lognormal(np.where(heavy, 4.0, 1.0), 0.4),
            "comments_given": rng.lognormal(np.where(heavy, 3.0, 0.2), 0.4),
            "coins_given": np.round(coins),
        },
        index=pd.Index([f"u{number}" for number in range(size)], name="user_id"),
    )


def test_each_columns_share_of_the_variance_between_clusters_adds_up_to_one() -> None:
    # centres (0, 0) and (2, 4) of two rows each: around (1, 2) they are off by 1 and 2
    points = np.array([[0.0, -1], [0, 1], [2, 3], [2, 5]])
    assert between(points, np.array([7, 7, 3, 3])).tolist() == [1 / 5, 4 / 5]
    assert between(points, np.array([1, 1, 1, 1])).tolist() == [0, 0]


def test_raw_coins_decide_alone_and_by_log_nothing_does() -> None:
    made = cluster(spenders(), ClusterConfig(k=3))
    assert made.spaces.loc["raw", "coins_given"] > 0.99
    assert made.spaces.loc["log"].drop(["silhouette", "largest"]).max() < 0.6
    assert made.spaces.drop(columns=["silhouette", "largest"]).sum(axis=1).tolist() == (
        pytest.approx([1, 1, 1])
    )
    assert made.agreement.loc["log", "log"] == 1
    assert made.agreement.loc["log", "raw"] < 0.2
    assert "it decides alone" not in made.decided_by
    assert dominance(made.spaces, "raw") == (
        "scaled by raw, coins given has 100% of the variance between clusters: it decides alone; "
        "scale by log"
    )


def test_a_high_silhouette_may_be_one_row_against_all_others() -> None:
    features = pd.DataFrame({"coins": [*range(50), 100_000], "views": [*range(25)] * 2 + [3]})
    made = cluster(features, ClusterConfig(k=2))
    # the one row scores 0 by definition, the 50 others nearly 1
    assert made.spaces.loc["raw", "silhouette"] == pytest.approx(50 / 51, abs=1e-3)
    assert made.spaces.loc["raw", "largest"] == 50 / 51


def test_without_differences_no_feature_decides() -> None:
    made = cluster(pd.DataFrame({"a": [5.0] * 7, "b": [1.0] * 7}), ClusterConfig())
    assert made.k == 1
    assert made.decided_by == "scaled by log, no feature separates anything"
    assert made.spaces["silhouette"].isna().all()
    assert made.describe().tolist() == ["near the average"]


def test_viewers_are_called_what_they_do() -> None:
    made = cluster(spenders(), ClusterConfig(k=3))
    names = made.describe()
    giving = made.profile["coins_given"].idxmax()
    assert names[giving].startswith("give coins")
    others = [names[number] for number in names.index if number != giving]
    assert any("heavy viewers" in name for name in others)
    assert any("light viewers" in name for name in others)
    size = int(made.profile.loc[giving, "size"])
    assert made.sentences()[giving].startswith(f"{names[giving]}: {size} of 300 (")
    assert "coins given" in made.sentences()[giving]


def test_few_coins_are_not_none() -> None:
    rows = [0.0] * 4 + [50.0] * 4
    ids = pd.Index(range(8), name="user_id")
    none = cluster(pd.DataFrame({"coins_given": rows}, index=ids), ClusterConfig(k=2))
    few = cluster(
        pd.DataFrame({"coins_given": [r + 2 for r in rows]}, index=ids), ClusterConfig(k=2)
    )
    assert none.describe().tolist() == ["give no coins", "give coins"]
    assert few.describe().tolist() == ["give few coins", "give coins"]
    items = pd.Index(range(8), name="item_id")
    received = pd.DataFrame({"coins_received": rows}, index=items)
    assert "receive no coins" in set(cluster(received, ClusterConfig(k=2)).describe())


def test_a_name_says_one_thing_about_activity() -> None:
    more = np.array([1.0, 1, 1, 90, 90])
    features = pd.DataFrame(
        {"distinct_items": more, "active_days": more * 2, "streams_viewed": more * 3},
        index=pd.Index(range(5), name="user_id"),
    )
    names = cluster(features, ClusterConfig(k=2)).describe()
    assert names.tolist() == ["light viewers", "heavy viewers"]


def test_no_two_clusters_have_one_name() -> None:
    # the mean is 28 and the standard deviation 34.3: 60 and 80 are both high
    features = pd.DataFrame({"x": [0.0] * 6 + [60, 60, 80, 80]})
    names = cluster(features, ClusterConfig(k=3, scaling="raw")).describe()
    assert names.tolist() == ["low x", "high x (2)", "high x (3)"]


def test_of_equal_columns_the_last_is_used() -> None:
    table = pd.DataFrame(
        {"interactions": [1.0, 5], "flat": [2.0, 2], "level": [2.0, 2], "streams_viewed": [1.0, 5]}
    )
    kept = selected(table, None, "users").columns.tolist()
    assert kept == ["flat", "level", "streams_viewed"]
    asked = selected(table, ("interactions", "streams_viewed"), "users").columns.tolist()
    assert asked == ["interactions", "streams_viewed"]


def test_distances_are_those_to_the_own_mean() -> None:
    made = cluster(pd.DataFrame({"x": [0.0, 2, 10, 10]}), ClusterConfig(k=2, scaling="raw"))
    assert made.labels["distance"].tolist() == [1, 1, 0, 0]


def test_mini_batches_are_stated() -> None:
    features = spenders(60)
    assert (
        cluster(features, ClusterConfig(k=2)).method == "KMeans on all 60 rows (best of 10 starts)"
    )
    small = cluster(features, ClusterConfig(k=2, mini_batch_above=59))
    assert small.method == (
        "mini-batch KMeans (batches of 4,096, best of 5 runs, finished on all rows): "
        "60 rows are more than 59"
    )


def test_the_elbow_is_shown_for_a_configured_k_too() -> None:
    made = cluster(spenders(60), ClusterConfig(k=3, k_max=5))
    assert made.elbow["k"].tolist() == [1, 2, 3, 4, 5]
    assert made.k == 3
    assert made.reason.startswith("k = 3: configured (the rule gives ")
