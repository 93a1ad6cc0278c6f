"""A cluster keeps its number from one clustering to the next."""

import numpy as np
import pandas as pd
import pytest

from onstage.clustering.choice import choose_k
from onstage.clustering.clusters import Clusters
from onstage.clustering.config import ClusterConfig
from onstage.clustering.kmeans import cluster


def points(places: dict[str, float], **more: float) -> Clusters:
    """Cluster ids by one number each, raw, as many clusters as there are distinct numbers."""
    features = pd.DataFrame({"x": places | more}).rename_axis("user_id")
    return cluster(features, ClusterConfig(k=features["x"].nunique(), scaling="raw"))


def again(places: dict[str, float], last: Clusters, *, name: str = "x") -> Clusters:
    features = pd.DataFrame({name: places}).rename_axis("user_id")
    config = ClusterConfig(k=features[name].nunique(), scaling="raw")
    return cluster(features, config, last=last)


def crowd(prefix: str, size: int, at: float) -> dict[str, float]:
    return {f"{prefix}{number}": at for number in range(size)}


def test_a_first_clustering_is_numbered_by_size() -> None:
    made = points(crowd("a", 5, 0.0) | crowd("b", 3, 9.0))
    assert made.changes["change"].tolist() == ["first", "first"]
    assert made.changes["size"].tolist() == [5, 3]
    assert made.numbers_used == 2


def test_a_cluster_keeps_its_number_though_it_is_no_longer_the_largest() -> None:
    last = points(crowd("a", 5, 0.0) | crowd("b", 3, 9.0))
    made = again(crowd("a", 5, 0.0) | crowd("b", 8, 9.0), last)
    assert made.of["a0"] == 1
    assert made.of["b7"] == 2
    assert made.profile.loc[[1, 2], "size"].tolist() == [5, 8]
    assert made.changes["change"].tolist() == ["kept", "kept"]
    assert made.changes["overlap"].tolist() == [1, 1]  # of those that both clusterings have
    assert made.changes["size_before"].tolist() == [5, 3]
    assert "matched by 8 members" in made.basis


def test_it_keeps_it_wherever_it_moved() -> None:
    last = points(crowd("a", 5, 0.0) | crowd("b", 3, 9.0))
    made = again(crowd("a", 5, 9.0) | crowd("b", 3, 0.0), last)
    assert (made.of["a0"], made.of["b0"]) == (1, 2)
    assert made.centres["x"].tolist() == [9, 0]
    assert made.profile["x"].tolist() == [9, 0]
    assert made.means["x"].tolist() == [9, 0]


def test_a_new_cluster_gets_a_number_that_nobody_had_and_a_vanished_one_is_named() -> None:
    # b disbands into a; c is new. Then c goes, and d comes: 4, not 2 or 3 again
    last = points(crowd("a", 6, 0.0) | crowd("b", 2, 9.0))
    second = again(crowd("a", 6, 0.0) | crowd("b", 2, 0.0) | crowd("c", 3, 5.0), last)
    assert (second.of["a0"], second.of["b0"], second.of["c0"]) == (1, 1, 3)
    assert second.changes["change"].to_dict() == {1: "kept", 2: "vanished", 3: "new"}
    assert second.changes["size"].to_dict() == {1: 8, 2: 0, 3: 3}
    assert second.changes.loc[1, "overlap"] == 6 / 8
    third = again(crowd("a", 6, 0.0) | crowd("b", 2, 0.0) | crowd("d", 2, 7.0), second)
    assert third.of["d0"] == 4
    assert third.changes["change"].to_dict() == {1: "kept", 3: "vanished", 4: "new"}


def test_the_assignment_is_the_best_in_sum_and_not_greedy() -> None:
    # new p: 6 of A and 5 of B; new q: 6 of A. Overlaps: p-A 6/17, p-B 5/11, q-A 6/12, q-B 0
    a, b = crowd("a", 12, 0.0), crowd("b", 5, 9.0)
    last = points(a | b)
    moved = {name: (0.0 if number < 6 else 9.0) for number, name in enumerate(a)}
    made = again({**moved, **crowd("b", 5, 0.0)}, last)
    assert made.of["a11"] == 1  # q, the smaller, took A's number
    assert made.of["b0"] == 2  # p took B's
    assert made.changes["overlap"].tolist() == [6 / 12, 5 / 11]


def test_with_other_people_centres_are_compared() -> None:
    last = points(crowd("a", 5, 0.0) | crowd("b", 3, 100.0))
    made = again(crowd("y", 4, 90.0) | crowd("z", 2, 1.0), last)
    assert (made.of["z0"], made.of["y0"]) == (1, 2)
    assert made.changes["overlap"].isna().all()
    assert "centres of 1 features" in made.basis


def test_with_neither_people_nor_features_in_common_numbers_start_anew() -> None:
    last = points(crowd("a", 5, 0.0) | crowd("b", 3, 100.0))
    made = again(crowd("y", 4, 90.0) | crowd("z", 2, 1.0), last, name="y")
    assert (made.of["y0"], made.of["z0"]) == (1, 2)
    assert "shares neither rows nor features" in made.basis
    assert made.changes["change"].tolist() == ["first", "first"]


def test_matching_to_itself_changes_no_number() -> None:
    rng = np.random.default_rng(2)
    features = pd.DataFrame(rng.lognormal(size=(200, 3)), columns=list("abc"))
    last = cluster(features, ClusterConfig(k=5))
    made = cluster(features, ClusterConfig(k=5), last=last)
    pd.testing.assert_frame_equal(made.labels, last.labels)
    pd.testing.assert_frame_equal(made.profile, last.profile)
    assert set(made.changes["change"]) == {"kept"}


def test_the_last_k_is_kept_while_it_is_nearly_the_best() -> None:
    elbow = pd.DataFrame(
        {
            "k": [1, 2, 3, 4, 5],
            "inertia": [100.0, 50, 10, 5, 0],
            "silhouette": [np.nan, 0.3, 0.545, 0.55, 0.56],
        }
    )
    assert choose_k(elbow)[0] == 3
    k, reason = choose_k(elbow, 5)
    assert k == 5
    assert "as in the last clustering: its silhouette 0.560" in reason
    assert choose_k(elbow, 2)[0] == 3  # too low by now
    assert choose_k(elbow, 9)[0] == 3  # not tried


@pytest.mark.parametrize("seed", range(3))
def test_ten_per_cent_more_people_change_hardly_any_number(seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 60, size=(4, 3))
    rows = np.vstack([rng.normal(centre, 2.0, (60, 3)) for centre in centres])
    order = rng.permutation(len(rows))
    features = pd.DataFrame(rows[order], columns=list("abc"))
    config = ClusterConfig(k=4, scaling="raw")
    last = cluster(features.iloc[:216], config)
    made = cluster(features, config, last=last)
    same = made.of.iloc[:216].to_numpy() == last.of.to_numpy()
    assert same.mean() > 0.99


def test_of_equally_good_clusterings_the_one_like_the_last_is_kept() -> None:
    # a square of four points: left and right is as good as top and bottom
    square = pd.DataFrame({"x": [0.0, 0, 9, 9], "y": [0.0, 9, 0, 9]})
    tall, flat = square.assign(y=square["y"] * 1.01), square.assign(x=square["x"] * 1.01)
    config = ClusterConfig(k=2, scaling="raw")
    by_y, by_x = cluster(tall, config), cluster(flat, config)
    assert by_y.of[0] == by_y.of[2] != by_y.of[1]
    assert by_x.of[0] == by_x.of[1] != by_x.of[2]
    for last in (by_y, by_x):
        made = cluster(square, config, last=last)
        assert made.of.tolist() == last.of.tolist()
        assert made.elbow["inertia"][1] == pytest.approx(4 * 4.5**2)


def test_a_last_clustering_that_became_bad_is_left() -> None:
    last = cluster(
        pd.DataFrame({"x": [0.0, 0, 9, 9], "y": [0.0, 20, 0, 20]}),
        ClusterConfig(k=2, scaling="raw"),
    )
    made = cluster(
        pd.DataFrame({"x": [0.0, 0, 90, 90], "y": [0.0, 20, 0, 20]}),
        ClusterConfig(k=2, scaling="raw"),
        last=last,
    )
    assert made.of[0] == made.of[1] != made.of[2] == made.of[3]
