"""`onstage status` on a real MLflow database: before anything, and after a champion."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from flows.cli import main
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.profile import BatchProfile
from onstage.errors import StoreError
from onstage.pipeline.ingestion import Acceptance
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.runs import tracked
from onstage.pipeline.status import status_of
from onstage.pipeline.workspace import Workspace, write_atomically
from onstage.registry.proposals import Proposal
from onstage.registry.versions import NEWEST


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("default")]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    path = tmp_path / "watches.yaml"
    data = {"preset": "kumu", "folder": "none"}
    path.write_text(yaml.safe_dump({"name": "watches", "data": data}))
    return path


def onstage(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def register(workspace: Workspace, newest: datetime) -> str:
    registry = registry_of(workspace)
    run = registry._client.create_run(registry._client.create_experiment("x")).info.run_id
    folder = workspace.settings.home / "model"
    bundle = folder / "artifacts" / "bundle"
    bundle.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: onstage}}\n")
    (bundle / "weights").write_text("1")
    tags = {NEWEST: str(Clock().parse(newest))}
    proposal = Proposal("als", {"algorithm": "als"}, "monday", folder, tags=tags)
    version = registry.register(workspace.registered_model, run, proposal).version
    registry.promote(workspace.registered_model, version)
    return version


def accept(workspace: Workspace, newest: datetime) -> None:
    table = pd.DataFrame(
        {
            Columns.USER: ["ann", "bob", "ann"],
            Columns.ITEM: ["chess", "chess", "radio"],
            Columns.TIME: pd.to_datetime([newest - timedelta(hours=n) for n in (2, 1, 0)]),
        }
    )
    state = Acceptance(ingested="monday", profile=BatchProfile.of(table, Clock()))
    write_atomically(workspace.folder / "accepted.json", state.model_dump_json())


def fail(workspace: Workspace, error: StoreError) -> str:
    """A retrain that ends with `error`; its id."""
    runs = []
    with suppress(StoreError), tracked(workspace, "retrain") as run:
        runs.append(run)
        raise error
    return runs[0]


def test_before_the_first_retrain_nothing_is_known_and_nothing_is_an_error(config: Path) -> None:
    told = onstage("status", config, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == [
        {
            "name": "watches",
            "champion": None,
            "data": None,
            "retrains": [],
            "drift": None,
            "report": None,
            "next": None,
        }
    ]
    said = onstage("status", config).stdout
    assert "nobody yet" in said
    assert "never" in said
    assert "not scheduled" in said


def test_champion_age_of_the_data_and_the_last_retrains_are_told(config: Path) -> None:
    workspace = Workspace.open(config)
    version = register(workspace, NOON - timedelta(days=1))
    accept(workspace, NOON - timedelta(hours=6))
    with tracked(workspace, "retrain"):
        time.sleep(0.01)
    failed = fail(workspace, StoreError("the disk is full"))
    with tracked(workspace, "backtest"):  # no retrain
        pass
    found = status_of(workspace, NOON)
    assert found.champion is not None
    assert (found.champion.version, found.champion.model) == (version, "als")
    assert found.champion.newest_row == "2026-10-31T12:00:00+00:00"
    assert found.data is not None
    assert (found.data.rows, found.data.users, found.data.items) == (3, 2, 2)
    assert found.data.age_hours == pytest.approx(6)  # noon less six in the morning
    assert [run.status for run in found.retrains] == ["FAILED", "FINISHED"]
    assert found.retrains[0].run == failed
    assert "the disk is full" in found.retrains[0].said
    assert status_of(workspace, NOON, retrains=1).retrains == found.retrains[:1]


def test_since_when_is_what_the_audit_knows(config: Path) -> None:
    workspace = Workspace.open(config)
    version = register(workspace, NOON)
    unknown = status_of(workspace, datetime.now(UTC)).champion
    assert unknown is not None
    assert (unknown.since, unknown.reasons) == (None, ())
    assert onstage("champion", config).exit_code == 0  # notices whoever moved the alias
    known = status_of(workspace, datetime.now(UTC) + timedelta(seconds=1)).champion
    entry = audit_of(workspace).crowned(workspace.registered_model, datetime.now(UTC))
    assert known is not None
    assert entry is not None
    assert (known.version, known.since) == (version, entry.time)


def test_a_server_that_does_not_answer_is_one_line(config: Path) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        told = onstage("status", config)
    assert told.exit_code == 1
    assert "no Prefect server answers there" in told.output.splitlines()[-1]
    assert "Traceback" not in told.output
