"""The cluster step: found again by the same question, matched to the last, joined, sliced."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.data.tables import write_table
from onstage.errors import ConfigError
from onstage.pipeline import lineage
from onstage.pipeline.backtest import backtested
from onstage.pipeline.clusters import clustered, newest_clusters, read_all_clusters
from onstage.pipeline.ranking import ranked, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.slices import read_slices, slices_made
from onstage.pipeline.workspace import Workspace


pytestmark = pytest.mark.integration

CONFIG = {
    "name": "small",
    "clock": {"kind": "step", "step_seconds": 600},
    "data": {"preset": "twitch", "folder": "nowhere"},
    "protocols": [
        {"kind": "live", "track": "B", "part_steps": 300},
        {"kind": "live", "track": "A", "part_steps": 300},
    ],
    "models": {"popularity": {"algorithm": "popularity"}},
    "clusters": {"k_max": 4},
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONSTAGE_PROGRESS", "0")
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    return Workspace.open(path)


def log(days: int, *, users: int = 60) -> pd.DataFrame:
    """A log of steps: every third user watches ten times as much. More days only add rows."""
    rng = np.random.default_rng(4)
    parts = []
    for day in range(days):
        busy = np.repeat(np.arange(users), np.where(np.arange(users) % 3 == 0, 10, 1))
        parts.append(
            pd.DataFrame(
                {
                    Columns.USER: [f"u{one}" for one in busy],
                    Columns.ITEM: [f"s{one}" for one in rng.integers(0, 12, len(busy))],
                    Columns.TIME: np.sort(rng.integers(144 * day, 144 * day + 140, len(busy))),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(**{Columns.ENDS_AT: table[Columns.TIME] + 3})


def relations(table: pd.DataFrame) -> pd.DataFrame:
    pairs = table.groupby([Columns.USER, Columns.ITEM]).size().rename("view_count").reset_index()
    return pairs.assign(coin_count=np.arange(len(pairs)) % 7 * 100)


def accepted(workspace: Workspace, table: pd.DataFrame, *, related: bool = True) -> Reference:
    """What validation would have accepted."""

    def build(folder: Path) -> dict[str, float | int | str]:
        write_table(table, folder, "interactions")
        if related:
            write_table(relations(table), folder, "relations")
        return {}

    return workspace.step("validate", "1", {"rows": str(len(table))}, {"related": related}, build)


def test_the_same_question_finds_the_same_artefact_however_often(workspace: Workspace) -> None:
    known = accepted(workspace, log(10))
    first = clustered(workspace, known)
    again = clustered(workspace, known)
    third = clustered(workspace, known)
    assert not first.reused
    assert again.reused
    assert third.reused
    assert first.key == again.key == third.key == newest_clusters(workspace).key


def test_the_same_inputs_give_the_same_bytes(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = clustered(workspace, accepted(workspace, log(10)))
    other = replace(
        workspace, settings=workspace.settings.model_copy(update={"home": tmp_path / "other"})
    )
    second = clustered(other, accepted(other, log(10)))
    files = {
        place.relative_to(workspace.store.path(first)): place.read_bytes()
        for place in sorted(workspace.store.path(first).rglob("*"))
        if place.is_file() and place.name != "manifest.json"
    }
    assert {str(name) for name in files} >= {
        "clusters.html",
        "users/labels.parquet",
        "users/space.png",
        "items/elbow.png",
    }
    for name, content in files.items():
        assert (other.store.path(second, str(name))).read_bytes() == content, name


def test_the_page_may_load_nothing_and_obeys_no_identifier(workspace: Workspace) -> None:
    table = log(10)
    hostile = "</script><img src=x onerror=alert(1)>"
    table[Columns.USER] = table[Columns.USER].replace("u0", hostile)
    made = clustered(workspace, accepted(workspace, table))
    page = workspace.store.path(made, "clusters.html").read_text()
    assert "default-src 'none'" in page
    assert hostile not in page
    assert "<img src=x" not in page
    assert page.count("plotly.js v") == 1


def test_newer_data_keep_the_numbers_of_the_last_clustering(workspace: Workspace) -> None:
    clustered(workspace, accepted(workspace, log(10)))
    made = clustered(workspace, accepted(workspace, log(12)))
    users = read_all_clusters(workspace, made)["users"]
    assert "matched by 60 members" in users.basis
    assert set(users.changes["change"]) == {"kept"}
    assert clustered(workspace, accepted(workspace, log(12))).key == made.key


def test_a_damaged_or_missing_state_only_starts_numbers_anew(workspace: Workspace) -> None:
    known = accepted(workspace, log(10))
    first = clustered(workspace, known)
    state = workspace.folder / "clusters.ref.json"
    state.write_text("{")
    again = clustered(workspace, known)
    assert again.key == first.key
    state.unlink()
    with pytest.raises(ConfigError, match="no clusters here yet; run `onstage cluster`"):
        newest_clusters(workspace)


def test_a_look_at_another_k_is_not_the_newest_clustering(workspace: Workspace) -> None:
    known = accepted(workspace, log(10))
    first = clustered(workspace, known)
    look = clustered(workspace.grouping(k=3, scaling="robust"), known, publish=False)
    users = read_all_clusters(workspace, look)["users"]
    assert (users.k, users.scaling) == (3, "robust")
    assert newest_clusters(workspace).key == first.key


def test_without_coins_the_feature_is_not_there_and_asking_for_it_is_an_error(
    workspace: Workspace,
) -> None:
    known = accepted(workspace, log(10), related=False)
    users = read_all_clusters(workspace, clustered(workspace, known))["users"]
    assert "coins_given" not in users.features
    clusters = workspace.config.clusters.model_copy(update={"user_columns": ("coins_given",)})
    asking = replace(workspace, config=workspace.config.model_copy(update={"clusters": clusters}))
    with pytest.raises(ConfigError, match="users: no feature 'coins_given'; choose from"):
        clustered(asking, known)


def test_one_user_is_one_cluster_and_can_be_drawn(workspace: Workspace) -> None:
    table = log(10).assign(**{Columns.USER: "ann"})
    made = clustered(workspace, accepted(workspace, table))
    users = read_all_clusters(workspace, made)["users"]
    assert users.k == 1
    assert users.describe().tolist() == ["near the average"]
    assert workspace.store.path(made, "users/space.png").stat().st_size > 0
    with pytest.raises(ConfigError, match="k = 2, but only 1 rows differ; lower k"):
        clustered(workspace.grouping(k=2), accepted(workspace, table))


def test_slices_see_nothing_of_the_test_part(workspace: Workspace) -> None:
    table = log(14)
    made = slices_made(workspace, accepted(workspace, table))
    cut = int(table[Columns.ENDS_AT].max()) - 2 * 300
    later = table[Columns.ENDS_AT] >= cut
    other = table.copy()
    other.loc[later, Columns.USER] = other.loc[later, Columns.USER].to_numpy()[::-1]
    other = pd.concat([other, other[later]], ignore_index=True)
    workspace.folder.joinpath("slices.ref.json").unlink()
    again = slices_made(workspace, accepted(workspace, other))
    one, two = (read_slices(workspace, found)["live-B"] for found in (made, again))
    pd.testing.assert_frame_equal(one.labels, two.labels)
    assert "coins_given" not in one.features  # relations have no time


def test_the_leaderboard_has_a_group_for_every_kind_of_viewer(workspace: Workspace) -> None:
    known = accepted(workspace, log(14))
    recipe = Recipe(name="popularity", config=workspace.config.models["popularity"], origin="fixed")
    backtests = {"popularity": backtested(workspace, known, recipe)}
    slices = slices_made(workspace, known)
    with_them = read_rows(workspace, ranked(workspace, backtests, [recipe], slices))
    without = read_rows(workspace, ranked(workspace, backtests, [recipe]))
    groups = with_them[Columns.GROUP].str.startswith("viewers:")
    pd.testing.assert_frame_equal(
        with_them[~groups].reset_index(drop=True), without.reset_index(drop=True)
    )
    rows = with_them[with_them[Columns.METRIC] == "ndcg_at_10"]
    for protocol, part in rows.groupby(Columns.PROTOCOL):
        whole = part[part[Columns.GROUP] == "all"].iloc[0]
        kinds = part[part[Columns.GROUP].str.startswith("viewers:")]
        assert kinds["n"].sum() == whole["n"], protocol
        mean = (kinds["n"] * kinds[Columns.VALUE]).sum() / whole["n"]
        assert mean == pytest.approx(whole[Columns.VALUE])
        assert set(kinds[Columns.GROUP]) <= {
            *(f"viewers:{number}" for number in read_slices(workspace, slices)[protocol].of),
            "viewers:unknown",
        }


def test_a_lineage_looks_back_at_what_was_before_the_same_question(workspace: Workspace) -> None:
    one, two = (
        workspace.step("x", "1", {"n": name}, {}, lambda folder: {}) for name in ("one", "two")
    )
    assert lineage.before(workspace, "line", "a") is None
    lineage.publish(workspace, "line", "a", one, None)
    assert lineage.before(workspace, "line", "a") is None
    assert lineage.before(workspace, "line", "b").key == one.key
    lineage.publish(workspace, "line", "b", two, one)
    assert lineage.before(workspace, "line", "b").key == one.key
    assert lineage.before(workspace, "line", "c").key == two.key
    assert lineage.newest(workspace, "line").key == two.key
