"""What a run keeps of itself is enough to make it again; what differs is said."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from flows.cli import main
from onstage.columns import Columns
from onstage.config import load_config
from onstage.data.store import Reference, digest_json
from onstage.data.tables import write_table
from onstage.errors import NotFoundError
from onstage.models.memory import MemoryConfig
from onstage.models.popularity import PopularityConfig
from onstage.pipeline import lineage
from onstage.pipeline.backtest import backtested
from onstage.pipeline.ranking import ranked
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.recording import record
from onstage.pipeline.repro.made import Made
from onstage.pipeline.repro.rebuilding import Recorded, recorded
from onstage.pipeline.repro.repetition import Repeated, compared
from onstage.pipeline.runs import tracked, tracker_of
from onstage.pipeline.slices import LINE, slices_made
from onstage.pipeline.workspace import Workspace
from onstage.testing.examples import crowd
from onstage.tuning.storage import storage_of


pytestmark = pytest.mark.integration

RECIPES = [
    Recipe(name="memory", config=MemoryConfig(kind="count"), origin="fixed"),
    Recipe(name="champion", config=PopularityConfig(), origin="champion"),
]
CONFIG = {
    "name": "small",
    "clock": {"kind": "step", "step_seconds": 3600},
    "data": {"preset": "twitch", "folder": "nowhere"},
    "protocols": [{"kind": "live", "track": "B", "part_steps": 20}],
    "models": {"memory": {"algorithm": "memory", "kind": "count"}},
    "sweep": {"algorithms": {}, "trials": 7},
    "clusters": {"k": 2},
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("rebuilding")
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(CONFIG))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSTAGE_HOME", str(folder / "home"))
        patch.setenv("ONSTAGE_PROGRESS", "0")
        yield Workspace.open(path, trials=3)


@pytest.fixture(scope="module")
def made(workspace: Workspace) -> tuple[str, Made]:
    return examined(workspace)


@pytest.fixture(scope="module")
def run(made: tuple[str, Made]) -> str:
    return made[0]


def examined(workspace: Workspace, rows: int = 900) -> tuple[str, Made]:
    """What the flow does between the accepted log and the leaderboard, with its run."""
    with tracked(workspace, "backtest") as run:
        log, board, backtests = built(workspace, RECIPES, rows)
        record(workspace, log, board, backtests, RECIPES, run)
    return run, Made.of(workspace, log, board, backtests, RECIPES)


def built(
    workspace: Workspace, recipes: list[Recipe], rows: int
) -> tuple[Reference, Reference, dict[str, Reference]]:
    data = crowd(1, users=30, rows=900, hours=100)
    table = pd.DataFrame(
        {
            Columns.USER: data.user,
            Columns.ITEM: data.item,
            Columns.TIME: data.time,
            Columns.ENDS_AT: data.time + 3,
        }
    )

    def build(folder: Path) -> Mapping[str, float | int | str]:
        write_table(table.head(rows), folder, "interactions")
        return {}

    log = workspace.step("validate", "1", {"rows": str(rows)}, {}, build)
    backtests = {r.name: backtested(workspace, log, r) for r in recipes}
    return log, ranked(workspace, backtests, recipes, slices_made(workspace, log)), backtests


def read(workspace: Workspace, run: str) -> Recorded:
    return recorded(run, workspace.mlflow, workspace.settings)


def again(past: Recorded, home: Path, rows: int = 900) -> Repeated:
    workspace = past.workspace(home)
    recipes = [*[r for r in past.made.recipes if r.origin != "champion"], *past.champions]
    log, board, backtests = built(workspace, recipes, rows)
    return compared(past, workspace, board, Made.of(workspace, log, board, backtests, recipes))


def test_a_run_keeps_its_whole_configuration_code_and_data(
    workspace: Workspace, made: tuple[str, Made], tmp_path: Path
) -> None:
    run, what = made
    past = read(workspace, run)
    assert past.config == workspace.config
    assert past.config.sweep.trials == 3  # the command line's, not the file's 7
    assert past.made == what
    assert past.champions == RECIPES[1:]
    tags = tracker_of(workspace).get(run).tags
    assert tags["onstage.config_digest"] == digest_json(workspace.config)[:16]
    assert tags["onstage.data_digest"] == what.artefacts["log"][:16]
    assert tags["onstage.code"] == past.environment.code
    assert tags["onstage.code_digest"] == past.environment.code_digest[:16]
    kept = tmp_path / "kept.yaml"
    kept.write_text(tracker_of(workspace).read_text(run, "config.yaml"))
    assert load_config(kept) == workspace.config


def test_the_same_again_is_the_same_and_writes_nothing_where_the_original_is(
    workspace: Workspace, run: str, tmp_path: Path
) -> None:
    def files() -> dict[Path, int]:
        found = workspace.settings.home.rglob("*")
        return {p: p.stat().st_mtime_ns for p in found if p.is_file()}

    before = files()
    found = again(read(workspace, run), tmp_path / "other")
    assert found.same
    assert found.changes == ()
    assert found.rows > 50
    after = files()
    changed = {p.name for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    assert changed <= {"mlflow.db-wal", "mlflow.db-shm", "mlflow.db"}  # a database that was read


def test_a_repetition_keeps_its_studies_itself(
    workspace: Workspace, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSTAGE_OPTUNA_STORAGE", "postgresql://nobody@nowhere.invalid/studies")
    there = read(workspace, run).workspace(tmp_path)
    assert storage_of(there.settings) is None
    assert there.settings.home == tmp_path


def test_other_data_are_said_first_and_differ(
    workspace: Workspace, run: str, tmp_path: Path
) -> None:
    past = read(workspace, run)
    older = past.environment.model_copy(
        update={"code": "0.0+old", "libraries": {**past.environment.libraries, "numpy": "1.0"}}
    )
    found = again(replace(past, environment=older), tmp_path / "other", rows=880)
    assert not found.same
    assert [change.what for change in found.changes] == [
        "accepted tables, log",
        "code",
        "library numpy",
    ]
    assert {change.what for change in found.artefacts} == {
        "log",
        "backtest-memory",
        "backtest-champion",
        "leaderboard",
    }
    assert any(d.column == "value" for d in found.differences)


def test_kinds_of_viewers_that_an_earlier_retrain_numbered_are_left_out_and_counted(
    workspace: Workspace, run: str, tmp_path: Path
) -> None:
    last, _ = examined(workspace, rows=800)
    assert lineage.looked_back(workspace, LINE)
    found = again(read(workspace, last), tmp_path / "other", rows=800)
    assert found.left_out > 0
    assert found.same


def test_a_run_that_cannot_be_repeated_says_why(workspace: Workspace, run: str) -> None:
    with pytest.raises(NotFoundError, match=r"run 'nosuch': not in this tracking store"):
        read(workspace, "nosuch")
    child = tracker_of(workspace).children(run)[0].run_id
    with pytest.raises(NotFoundError, match=rf"has no leaderboard of its own.*parent {run}$"):
        read(workspace, child)
    with (
        tracked(workspace, "retrain") as bare,
        pytest.raises(NotFoundError, match=r"is RUNNING: only a finished run"),
    ):
        read(workspace, bare)
    with pytest.raises(NotFoundError, match=r"it does not keep what it was made from"):
        read(workspace, bare)
    result = CliRunner().invoke(main, ["repro", "nosuch"])
    assert result.exit_code == 2
    assert result.stderr.startswith("onstage: cannot repeat nosuch: run 'nosuch': not in this ")
