"""`onstage drift` after a retrain of the same log."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import main
from onstage.pipeline.drift import TAG
from onstage.pipeline.outcome import Outcome
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]


def test_a_look_at_the_drift_finds_what_the_retrain_found_and_registers_nothing(
    first: Outcome, config: Path
) -> None:
    assert first.drift is not None
    assert first.drift.champion is None  # there was none before
    told = CliRunner().invoke(main, ["drift", str(config), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["arriving"] == first.drift.arriving.model_dump(mode="json")
    assert found["champion"]["version"] == first.decision.champion
    assert found["champion"]["results"] == 0  # the same log is no earlier one
    workspace = Workspace.open(config)
    tracker = tracker_of(workspace)
    [run] = tracker.search(workspace.experiment, tags={"onstage.kind": "drift"})
    assert (run.status, run.tags[TAG]) == ("FINISHED", found["sentence"])
    assert tracker.get(first.run).tags[TAG] == first.drift.sentence
    status = CliRunner().invoke(main, ["status", str(config)])
    assert f"  drift     {first.drift.sentence}" in status.stdout.splitlines()
