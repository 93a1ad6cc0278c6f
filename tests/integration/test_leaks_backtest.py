"""The lint as a part of a backtest: what it leaves behind, and that a leak publishes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from typing_extensions import override

from flows.cli import main
from onstage.data.requests import Requests
from onstage.errors import LeakError
from onstage.models.memory import Memory, MemoryConfig
from onstage.pipeline import backtest as backtest_module
from onstage.pipeline.backtest import COSTS, backtested
from onstage.pipeline.leaks import LEAKS, leaks_line, read_leaks
from onstage.pipeline.ranking import publish, ranked, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.recording import record
from onstage.pipeline.runs import tracked, tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.reporting.tables import leaderboard_records, leaderboard_text
from onstage.types import Positions, Scores
from tests.integration.accepting import accepted, crowded


pytestmark = pytest.mark.integration

MEMORY = Recipe(name="memory", config=MemoryConfig(kind="count"), origin="fixed")
LIVE = {"kind": "live", "track": "C", "part_steps": 20}


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, *protocols: Any) -> Workspace:
    monkeypatch.setenv("ONSTAGE_HOME", str(folder / "home"))
    monkeypatch.setenv("ONSTAGE_PROGRESS", "0")
    path = folder / "small.yaml"
    content = {
        "name": "small",
        "clock": {"kind": "step", "step_seconds": 3600},
        "data": {"preset": "twitch", "folder": "nowhere"},
        "protocols": list(protocols),
        "models": {"memory": {"algorithm": "memory", "kind": "count"}},
        "sweep": {"algorithms": {}},
    }
    path.write_text(yaml.safe_dump(content))
    return Workspace.open(path)


def test_what_the_lint_looked_at_stands_in_the_artefacts_and_on_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = workspace(tmp_path, monkeypatch, LIVE, {"kind": "masked"})
    log = accepted(space, crowded().drop_duplicates(), "900")
    made = backtested(space, log, MEMORY)
    report = json.loads(space.store.path(made, LEAKS).read_text())
    checks = [finding["check"] for finding in report["findings"]["live-C"]]
    assert checks == [*["overlap", "duplicates", "availability"] * 2, "fitted", "future"]
    assert report["split"] == {"live-C": "time", "masked": "random"}
    costs = json.loads(space.store.path(made, COSTS).read_text())
    assert costs["live-C"]["lint_seconds"] > 0

    board = ranked(space, {"memory": made}, [MEMORY])
    read_leaks(space, board)["memory"].raise_if_leaking("memory")
    assert leaks_line(space, board).startswith("leaks: 16 checks of 1 models under live-C, masked")
    assert "RANDOM SPLIT in masked" in leaks_line(space, board)
    rows = read_rows(space, board)
    assert dict(zip(rows["protocol"], rows["split"], strict=True)) == report["split"]
    assert {r["split"] for r in leaderboard_records(rows)} == {"time", "random"}
    titles = [t for t in leaderboard_text(rows).splitlines() if "events" in t]
    assert all(("RANDOM SPLIT" in title) == title.startswith("masked") for title in titles)

    publish(space, board)
    shown = CliRunner().invoke(main, ["leaks", str(tmp_path / "small.yaml")]).stdout.splitlines()
    assert len(shown) == 2 * (6 + 2) + 2  # of splits and of the model; an empty line, the last one
    assert shown[6].startswith("live-C, memory, fitted (test): 0 leaks; ")
    assert shown[-1] == leaks_line(space, board)
    as_json = CliRunner().invoke(main, ["leaks", str(tmp_path / "small.yaml"), "--json"])
    assert json.loads(as_json.stdout)["memory"] == report

    with tracked(space, "backtest") as run:
        record(space, log, board, {"memory": made}, [MEMORY], run)
    tracker = tracker_of(space)
    tags = tracker.get(run).tags
    assert tags["onstage.split"] == "time"  # the primary protocol's
    assert tags["onstage.split.masked"] == "random"
    assert tags["onstage.leaks"] == leaks_line(space, board)
    child = tracker.children(run)[0]
    assert child.tags["onstage.leaks"] == "passed"
    for one in (run, child.run_id):
        assert LEAKS in {file.path for file in tracker.client.list_artifacts(one)}


def test_a_primary_protocol_that_is_random_is_stamped_on_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = workspace(tmp_path, monkeypatch, {"kind": "masked"})
    with tracked(space, "backtest") as run:
        assert tracker_of(space).get(run).tags["onstage.split"] == "random"


class Including(Memory):
    """Counts the row of the request itself."""

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        return super()._score(Requests(requests.users, requests.times + 1), items)


def test_a_model_that_sees_the_answer_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = workspace(tmp_path, monkeypatch, LIVE)
    log = accepted(space, crowded().drop_duplicates(), "900")
    monkeypatch.setattr(backtest_module, "build", Including)
    with pytest.raises(LeakError, match=r"^memory, live-C: future \(test\): \d+ leaks in "):
        backtested(space, log, MEMORY)
    assert not list(space.store.root.glob("backtest-*"))
