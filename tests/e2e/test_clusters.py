"""`onstage cluster`, and what other commands make of it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from flows.cli import main
from onstage.pipeline.clusters import newest_clusters
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def onstage(*words: object) -> Any:
    made = CliRunner().invoke(main, [*map(str, words), "--json"])
    assert made.exit_code == 0, made.output
    return json.loads(made.stdout)


def test_a_look_at_another_k_changes_nothing(first: Outcome, config: Path) -> None:
    workspace = Workspace.open(config)
    before = newest_clusters(workspace)
    look = onstage("cluster", config, "--k", 2, "--scaling", "raw")["users"]
    assert (look["k"], look["scaling"]) == (2, "raw")
    assert {row["scaling"] for row in look["scalings"]} == {"log", "robust", "raw"}
    assert all(Path(place).exists() for place in look["files"].values())
    assert newest_clusters(workspace).key == before.key == first.clusters.key


def test_a_clustering_stands_in_mlflow_once(first: Outcome, config: Path) -> None:
    onstage("cluster", config)
    workspace = Workspace.open(config)
    tracker = tracker_of(workspace)
    found = tracker.search(workspace.experiment, tags={"onstage.artifact": first.clusters.name})
    assert len(found) == 1
    assert found[0].metrics["users/k"] >= 2
    assert "users/inertia_by_k" in found[0].metrics
    files = {file.path for file in tracker.client.list_artifacts(found[0].run_id)}
    assert {"clusters.html", "users", "items"} <= files
    pictures = {f.path for f in tracker.client.list_artifacts(found[0].run_id, "users")}
    assert {"users/elbow.png", "users/space.png", "users/profile.csv"} <= pictures


def test_lists_carry_the_clusters_of_user_and_item_on_request(
    first: Outcome, config: Path, tmp_path: Path
) -> None:
    plain = onstage("recommend", config, "-o", tmp_path / "plain.parquet")
    joined = onstage("recommend", config, "--clusters", "-o", tmp_path / "joined.parquet")
    without, lists = pd.read_parquet(plain["path"]), pd.read_parquet(joined["path"])
    pd.testing.assert_frame_equal(lists[without.columns.tolist()], without)
    workspace = Workspace.open(config)
    folder = workspace.store.path(newest_clusters(workspace))
    for side in ("user", "item"):
        labels = pd.read_parquet(folder / f"{side}s" / "labels.parquet")
        known = labels.set_index(f"{side}_id")["cluster"]
        expected = lists[f"{side}_id"].map(known).astype("Int64")
        assert lists[f"{side}_cluster"].astype("Int64").tolist() == expected.tolist()
        assert lists[f"{side}_cluster"].notna().any()


def test_the_leaderboard_and_the_page_have_the_kinds_of_viewers(
    first: Outcome, config: Path
) -> None:
    rows = onstage("leaderboard", config)
    groups = {row["group"] for row in rows}
    assert {"all", "viewers:1"} <= groups
    one = onstage("leaderboard", config, "--group", "viewers:1")
    assert {row["group"] for row in one} == {"viewers:1"}
    page = Path(first.page).read_text()
    assert "by kind of viewer" in page
    assert "viewers:1: " in page
