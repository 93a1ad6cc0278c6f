"""`onstage explore` through Prefect and MLflow, on the small simulated platform."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.pipeline.exploring import FOLIO
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("default"),  # what Prefect, MLflow and GX warn of is not ours
    pytest.mark.usefixtures("prefect"),
]


def explore(config: Path) -> Result:
    return CliRunner().invoke(main, ["explore", str(config), "--json"])


def test_a_platform_is_explored_once_and_kept_in_mlflow(config: Path, home: Path) -> None:
    first = explore(config)
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    facts = told["facts"]
    assert facts["overview"]["users"] <= 300
    assert facts["watch_duration"]["seconds"]["skewness"] > 1
    assert {"left_out", "missing"} <= set(facts["events"])
    assert Path(told["page"]).read_text().count("<img") == len(
        list(Path(told["figures"]).iterdir())
    )
    workspace = Workspace.open(config)
    tracker = tracker_of(workspace)
    (run,) = [r for r in tracker.search(workspace.experiment) if FOLIO.tag in r.tags]
    assert run.status == "FINISHED"
    skewness = facts["watch_duration"]["seconds"]["skewness"]
    assert run.metrics["watch_duration/seconds/skewness"] == pytest.approx(skewness)
    kept = {file.path for file in tracker.client.list_artifacts(run.run_id)}
    assert kept == {"explore.html", "facts.json", "figures"}
    figures = tracker.client.list_artifacts(run.run_id, "figures")
    assert len(figures) == len(list(Path(told["figures"]).iterdir()))
    again = explore(config)
    assert json.loads(again.stdout) == told
    assert len([r for r in tracker.search(workspace.experiment) if FOLIO.tag in r.tags]) == 1


def test_a_refused_log_is_not_explored(config: Path, tmp_path: Path) -> None:
    import shutil

    import pandas as pd
    import yaml

    raw = yaml.safe_load(config.read_text())
    spoilt = tmp_path / "spoilt"
    shutil.copytree(raw["data"]["folder"], spoilt)
    log = spoilt / "kumu_livestream_watchlog_db_p1.csv"
    pd.read_csv(log).assign(duration=-5).to_csv(log, index=False)
    bad = tmp_path / "bad.yaml"
    bad.write_text(yaml.safe_dump({**raw, "data": {"preset": "kumu", "folder": str(spoilt)}}))
    result = explore(bad)
    assert result.exit_code == 1
    assert "duration" in result.stderr.strip().splitlines()[-1]
