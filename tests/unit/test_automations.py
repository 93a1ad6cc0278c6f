"""The file of automations: what it may say, and what is refused."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.automations import read_automations
from flows.cli import main
from onstage.errors import ConfigError


ROOT = Path(__file__).parents[2]


def test_a_file_that_holds_no_automations_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "automations.yaml"
    with pytest.raises(ConfigError, match="run it in a clone of the project"):
        read_automations(file, {})
    file.write_text("automations: {name: x}")
    with pytest.raises(ConfigError, match="expected a list of mappings"):
        read_automations(file, {})
    file.write_text("automations: [{name: '${nobody}'}]")
    with pytest.raises(ConfigError, match="not automations: 'nobody'"):
        read_automations(file, {"name": "little"})


def test_the_shipped_automations_are_what_prefect_takes() -> None:
    from prefect.events.schemas.automations import AutomationCore

    words = {"name": "little", "config": "configs/little.yaml"}
    found = read_automations(ROOT / "deploy" / "automations.yaml", words)
    assert len({one["name"] for one in found}) == len(found) == 5
    for one in found:
        core = AutomationCore.model_validate({**one, "actions": [{"type": "do-nothing"}]})
        assert core.description


@pytest.mark.usefixtures("no_prefect_server")
def test_without_a_server_the_command_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = CliRunner().invoke(main, ["automations", "configs/deskdrop.yaml"])
    assert told.exit_code == 1
    assert "automations live on a Prefect server and none is set" in told.stderr
