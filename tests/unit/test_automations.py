"""The file of automations: what it may say, and what is refused."""

from pathlib import Path
from unittest.mock import Mock
from uuid import uuid4

import pytest
from click.testing import CliRunner

from flows.automations import _kept, read_automations
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
    file.write_text("automations: [{name: x, actions: [run]}]")
    with pytest.raises(ConfigError, match=r"\['run'\]: .* under actions of x"):
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


def test_an_automation_stays_as_it_is_in_whatever_order_the_server_names_its_events() -> None:
    from prefect.events.schemas.automations import Automation, AutomationCore

    events = [f"onstage.{number}" for number in range(60)]  # of so many some always change places
    trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0}
    mine = {"name": "many", "actions": [{"type": "do-nothing"}]}
    wanted = AutomationCore.model_validate({**mine, "trigger": {**trigger, "expect": events}})
    there = {**mine, "id": uuid4(), "trigger": {**trigger, "expect": events[::-1]}}
    client = Mock(**{"read_automations_by_name.return_value": [Automation.model_validate(there)]})
    assert _kept(client, wanted) == "unchanged"
    fewer = wanted.model_copy(
        update={"trigger": wanted.trigger.model_copy(update={"expect": set(events[1:])})}
    )
    assert _kept(client, fewer) == "changed"
    client.update_automation.assert_called_once_with(there["id"], fewer)


@pytest.mark.usefixtures("no_prefect_server")
def test_without_a_server_the_command_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = CliRunner().invoke(main, ["automations", "configs/deskdrop.yaml"])
    assert told.exit_code == 1
    assert "automations live on a Prefect server and none is set" in told.stderr
