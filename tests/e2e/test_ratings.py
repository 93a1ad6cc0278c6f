"""Ratings models through Prefect and the command line, on a small simulated platform."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.columns import Columns
from onstage.data.tables import read_table
from onstage.pipeline.outcome import recall
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]

RATINGS = {
    "target": "log_weight",
    "folds": 3,
    "sample": 1500,
    "models": {
        "svd": {"algorithm": "svd", "n_factors": 8},
        "baseline_only": {"algorithm": "baseline_only"},
    },
    "sweep": {"trials": 3, "space": {"n_factors": {"low": 5, "high": 15, "step": 5}}},
}


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(*words: object) -> Any:
    result = onstage(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def rated(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration whose leader is a ratings model."""
    path = tmp_path_factory.mktemp("configs") / "rated.yaml"
    config = {
        "name": "rated",
        "data": {"preset": "kumu", "folder": str(platform)},
        "protocols": [{"kind": "live", "track": "B", "part_steps": 300}],
        "models": {"svd": {"algorithm": "svd", "target": "log_weight", "n_factors": 8}},
        "sweep": {"algorithms": {}},
        "ratings": RATINGS,
        "clusters": {"k_max": 3},
        "recommend": {"k": 5},
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def test_models_are_compared_on_the_same_folds(rated: Path) -> None:
    rows = told("compare-ratings", rated)
    assert {row["model"] for row in rows} == {"svd", "baseline_only"}
    assert rows[0]["rmse"] <= rows[1]["rmse"]
    workspace = Workspace.open(rated)
    runs = tracker_of(workspace).search(workspace.experiment)
    by_name = {run.name: run for run in runs}
    parent = by_name["compare-ratings"]
    model, fold = by_name["ratings-svd"], by_name["svd-fold-2"]
    assert model.tags["mlflow.parentRunId"] == parent.run_id
    assert fold.tags["mlflow.parentRunId"] == model.run_id
    text = onstage("compare-ratings", rated, "--algorithms", "svd").stdout
    assert "hold-out RMSE" in text
    assert "baseline_only" not in text


def test_a_model_that_is_not_configured_is_refused(rated: Path) -> None:
    result = onstage("compare-ratings", rated, "--algorithms", "nmf")
    assert result.exit_code == 1
    assert "'nmf' is not among ratings.models: svd, baseline_only" in result.output


def test_a_tuned_model_is_checked_in_seconds_and_asked_about_a_pair(rated: Path) -> None:
    made = told("sweep-ratings", rated)
    holdout = made["holdout"]
    assert holdout["unit"] == "seconds"
    assert abs(holdout["seconds"]["smearing"]["bias"]) < abs(holdout["seconds"]["raw"]["bias"])
    known = told("estimate", rated, "nobody", "nothing")
    assert (known["known_user"], known["known_item"]) == (False, False)
    assert known["mean"] > known["amount"] > 0
    assert "the mean of all pairs alone" in onstage("estimate", rated, "nobody", "nothing").stdout


def test_only_what_is_new_is_recommended_where_that_is_asked(rated: Path, tmp_path: Path) -> None:
    assert onstage("retrain", rated).exit_code == 0
    everything, new = tmp_path / "all.csv", tmp_path / "new.csv"
    told("recommend", rated, "-o", everything)
    told("recommend", rated, "--only-new", "-o", new)
    workspace = Workspace.open(rated)
    had = read_table(workspace.store.path(recall(workspace).log), "interactions")
    assert had is not None
    had = had[had[Columns.TIME] < had[Columns.TIME].max()]  # a request sees what was before it
    pairs = set(zip(had[Columns.USER], had[Columns.ITEM], strict=True))
    lists = [pd.read_csv(path, dtype=str) for path in (everything, new)]
    repeats = [
        len(pairs & set(zip(one[Columns.USER], one[Columns.ITEM], strict=True))) for one in lists
    ]
    assert repeats[0] > 0
    assert repeats[1] == 0
