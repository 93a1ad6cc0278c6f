"""`onstage doctor` against databases and servers that are there, gone, or others'."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import create_engine, inspect, text

from flows import checkup
from flows.cli import main
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from tests.integration.parallel import Peak, search


pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("default"),
    pytest.mark.usefixtures("no_prefect_server"),
]

SECRET = "hunter2"  # noqa: S105  # invented


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ONSTAGE_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    return tmp_path


def doctor(*words: object) -> tuple[int, dict[str, dict[str, Any]]]:
    result = CliRunner().invoke(main, ["doctor", *map(str, words), "--json"])
    assert result.stdout, result.output
    assert SECRET not in result.output
    told = json.loads(result.stdout)
    found = {one["name"]: one for one in told}
    assert len(found) == len(told)  # no name twice
    return result.exit_code, found


def test_all_is_well_in_an_empty_home(home: Path) -> None:
    status, found = doctor()
    assert status == 0
    assert {one["state"] for one in found.values()} <= {"ok", "warning"}
    assert found["tracking"]["value"].endswith("made at the first use")
    assert not (home / "mlflow.db").exists()


def test_a_configuration_that_is_wrong_and_a_source_that_is_gone_fail(home: Path) -> None:
    config = home / "watches.yaml"
    data = {"preset": "kumu", "folder": "no"}
    config.write_text(yaml.safe_dump({"name": "watches", "data": data, "clok": {}}))
    status, found = doctor(config)
    assert status == 1
    assert "clok" in found["configuration"]["value"]
    config.write_text(yaml.safe_dump({"name": "watches", "data": data}))
    status, found = doctor(config)
    assert status == 1
    assert found["configuration"]["state"] == "ok"
    assert "matches no file" in found["sources"]["value"]


def test_databases_say_revision_and_clock_and_whose_they_are(
    postgres_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("doctor_runs", "doctor_studies"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    server = postgres_url.rpartition("/")[0].replace("onstage@", f"onstage:{SECRET}@")
    runs, studies = f"{server}/doctor_runs", f"{server}/doctor_studies"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", runs)
    monkeypatch.setenv("ONSTAGE_OPTUNA_STORAGE", studies)
    assert doctor()[1]["tracking schema"]["value"] == "no tables yet: made at the first use"
    for url in (runs, studies):
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == []  # it was looked at, no more
        engine.dispose()
    Tracker.open(MlflowSettings(tracking_uri=runs), Settings(home=home))
    search(home / "study", None, Peak(0), trials=1, processes=1, storage=SecretStr(studies))
    status, found = doctor()
    assert status == 0, found
    assert found["tracking schema"]["state"] == found["studies schema"]["state"] == "ok"
    assert found["tracking clock"]["value"] == found["studies clock"]["value"] == "as ours"
    assert found["tracking"]["value"].startswith("postgresql+psycopg://***@127.0.0.1")
    # One database for both: each would take the other's revision for its own.
    monkeypatch.setenv("ONSTAGE_OPTUNA_STORAGE", runs)
    status, found = doctor()
    assert status == 1
    assert "is MLflow's too" in found["studies"]["value"]
    # The address of the studies given for that of the runs.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", studies)
    status, found = doctor()
    assert found["tracking schema"]["state"] == "failed"
    assert "give mlflow its own database" in found["tracking schema"]["remedy"]


def test_a_tracking_server_says_version_and_clock(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    status, found = doctor()
    assert status == 0, found
    assert "version 3.17" in found["tracking"]["value"]
    assert found["tracking clock"]["value"] == "as ours"
    assert found["tracking access"]["state"] == found["registry"]["state"] == "ok"


def test_an_address_that_is_none_is_a_finding_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ONSTAGE_OPTUNA_STORAGE", f"me:{SECRET}@127.0.0.1/studies")
    status, found = doctor()
    assert status == 1
    assert found["studies"]["state"] == "failed"
    assert "***@127.0.0.1/studies" in found["studies"]["value"]


@pytest.mark.parametrize("text", ["deployments: [{name: nightly}]", "deployments: [", "[]"])
def test_deployments_that_cannot_be_read_are_a_finding(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (home / "prefect.yaml").write_text(text)
    monkeypatch.chdir(home)
    monkeypatch.setattr(checkup, "configured", lambda: True)
    monkeypatch.setattr(checkup, "_server", list)
    (found,) = checkup.orchestration()
    assert (found.name, found.state, found.remedy) == ("deployments", "failed", "correct the file")
    assert "\n" not in found.line


def test_servers_that_are_gone_or_mute_fail_within_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:{SECRET}@127.0.0.1:{port}")
        monkeypatch.setenv(
            "ONSTAGE_OPTUNA_STORAGE", f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/x"
        )
        began = time.monotonic()
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
            status, found = doctor()
    assert time.monotonic() - began < 30
    assert status == 1
    assert "no Prefect server answers" in found["prefect server"]["value"]
    assert found["tracking"]["state"] == found["studies"]["state"] == "failed"
    assert f"http://***@127.0.0.1:{port}" in found["tracking"]["value"]
