"""`onstage backtest --origins`: a table over origins that replaces nobody's leaderboard."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import main
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.ranking import newest_board
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]


def test_two_origins_are_tuned_examined_and_drawn_and_the_leaderboard_stays(
    first: Outcome, config: Path
) -> None:
    told = CliRunner().invoke(main, ["backtest", str(config), "--origins", "2", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    newest, before = found["origins"]
    assert (newest["origin"], before["origin"]) == (0, 1)
    assert before["ends"] <= newest["starts"]
    assert before["train_rows"] < newest["train_rows"]
    models = {row["model"] for row in found["rows"] if row["origin"] == 1}
    assert {"popularity", "memory", "item_knn", "als"} <= models
    assert Path(found["page"]).exists()
    workspace = Workspace.open(config)
    assert newest_board(workspace).key == first.board.key
    runs = tracker_of(workspace).search(workspace.experiment, tags={"onstage.kind": "origins"})
    best = found["models"][0]
    logged = runs[0].metrics[f"ndcg_at_10/{best['model']}/mean"]
    assert logged == pytest.approx(best["mean"])


def test_too_many_origins_end_in_one_line(first: Outcome, config: Path) -> None:
    told = CliRunner().invoke(main, ["backtest", str(config), "--origins", "40"])
    assert told.exit_code == 1
    said = [line for line in told.stderr.splitlines() if line.startswith("onstage: ")]
    assert len(said) == 1
    assert "too short for 40 origins" in said[0]
