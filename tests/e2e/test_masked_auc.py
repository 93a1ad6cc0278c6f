"""`onstage masked-auc` on a simulated platform: printed, stored, and in MLflow."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import main


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("prefect"),
]


def test_a_model_stands_beside_both_popularities(config: Path) -> None:
    words = ["masked-auc", str(config), "--model", "als", "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    names = [row["name"] for row in told["auc"]]
    assert names[:3] == ["model", "popularity", "popularity_of_all_pairs"]
    assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in told["auc"][:3])
    assert told["users"] > 200
    text = CliRunner().invoke(main, words[:-1])
    assert "popularity of all pairs, the hidden included" in text.stdout


def test_the_run_in_mlflow_has_the_areas_and_the_recipe(config: Path) -> None:
    from onstage.pipeline.runs import tracker_of
    from onstage.pipeline.workspace import Workspace

    CliRunner().invoke(main, ["masked-auc", str(config), "--model", "als"])
    workspace = Workspace.open(config)
    run = tracker_of(workspace).search(
        workspace.experiment, tags={"onstage.kind": "masked-auc"}, status="FINISHED"
    )[0]
    assert 0 < run.metrics["masked_auc/model"] < 1
    assert run.params["algorithm"] == "als"


def test_an_unknown_model_is_refused_in_one_line(config: Path) -> None:
    result = CliRunner().invoke(main, ["masked-auc", str(config), "--model", "alss"])
    assert result.exit_code == 1
    assert "expected one of champion" in result.stderr
