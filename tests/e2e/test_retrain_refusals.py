"""What a retrain refuses: in one line, and without touching what was there."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.pipeline.outcome import Outcome, recall
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_bad_day_stops_before_training_and_keeps_what_was_accepted(
    first: Outcome, config: Path, platform: Path, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(platform, spoilt)
    log = spoilt / "kumu_livestream_watchlog_db_p1.csv"
    table = pd.read_csv(log)
    table.loc[::2, "duration"] = -5
    table.to_csv(log, index=False)
    bad = tmp_path / "bad.yaml"
    raw = yaml.safe_load(config.read_text())
    bad.write_text(yaml.safe_dump({**raw, "data": {"preset": "kumu", "folder": str(spoilt)}}))
    state = (Workspace.open(config).folder / "accepted.json").read_text()
    result = onstage("retrain", bad)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()[-1]) < 600
    assert "duration" in result.stderr
    assert (Workspace.open(config).folder / "accepted.json").read_text() == state
    assert recall(Workspace.open(config)).board.digest == first.board.digest


def test_one_retrain_at_a_time(first: Outcome, config: Path) -> None:
    with Workspace.open(config).alone("test"):
        result = onstage("retrain", config, "--again")
    assert result.exit_code == 1
    assert "is at work on this data set" in result.stderr


def test_an_unreachable_tracking_server_stops_the_run_at_once(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    result = onstage("retrain", config)
    assert result.exit_code == 1
    assert "http://127.0.0.1:1" in result.stderr.strip().splitlines()[-1]


def test_a_log_that_one_instant_cannot_cut_says_so(config: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"{user},{item},1700000000" for user in range(40) for item in range(5)]
    log.write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    one = tmp_path / "instant.yaml"
    columns = {"user_id": "user_id", "item_id": "item_id", "timestamp": "timestamp"}
    source = {"path": str(log), "columns": columns, "time": {"unit": "s"}}
    one.write_text(yaml.safe_dump({"name": "instant", "data": {"interactions": source}}))
    result = onstage("backtest", one)
    assert result.exit_code == 1
    assert "something must be left to train on" in result.stderr.strip().splitlines()[-1]


def test_an_instant_when_nobody_is_live_is_refused_before_training(
    first: Outcome, config: Path, tmp_path: Path
) -> None:
    raw = yaml.safe_load(config.read_text())
    late = tmp_path / "late.yaml"
    late.write_text(yaml.safe_dump({**raw, "recommend": {"at": "2099-01-01T00:00:00Z"}}))
    result = onstage("retrain", late)
    assert result.exit_code == 1
    assert "nobody is live at 2099-01-01" in result.stderr.strip().splitlines()[-1]
