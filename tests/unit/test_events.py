"""What automations are told: drift, and what the gate decided."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from onstage.monitoring.arriving import Arriving, Finding
from onstage.monitoring.drift import Drift
from onstage.pipeline.outcome import Verdict
from onstage.pipeline.workspace import Workspace
from tasks import events


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    found: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    def emit(event: str, resource: dict[str, str], *, payload: dict[str, Any]) -> None:
        found.append((event, resource, payload))

    monkeypatch.setattr(events, "emit_event", emit)
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    path = tmp_path / "watches.yaml"
    data = {"preset": "kumu", "folder": "none"}
    path.write_text(yaml.safe_dump({"name": "watches", "data": data}))
    return Workspace.open(path)


def drift(*, drifted: bool) -> Drift:
    rows = Finding(
        name="rows", measure="change", distance=0.7, limit=0.2, ordinary=0.1, past=21, now=200.0,
        usual=100.0, judged=True, drifted=drifted,
    )  # fmt: skip
    return Drift(arriving=Arriving(starts="a", ends="b", rows=200, findings=(rows,)))


def test_a_drift_is_told_with_its_reasons_and_who_saw_it(workspace: Workspace, told: Any) -> None:
    events.say_drift(workspace, drift(drifted=False), flow="drift")
    assert told == []
    events.say_drift(workspace, drift(drifted=True), flow="drift")
    [(event, resource, payload)] = told
    assert event == "onstage.drift"
    assert resource["prefect.resource.id"] == "onstage.data-set.watches"
    assert resource["onstage.flow"] == "drift"  # an automation retrains on this, not on a retrain's
    assert "rows: 200 instead of 100" in payload["reasons"][0]


@pytest.mark.parametrize("verdict", ["first", "promoted", "refreshed", "kept"])
def test_every_verdict_has_an_event_with_its_reasons(
    workspace: Workspace, told: Any, verdict: Any
) -> None:
    made = Verdict(
        verdict=verdict, sentence="kept champion v7: because", reasons=("because",), leader="als",
        challenger="8", champion="7", bundle=None,
    )  # fmt: skip
    events.say_verdict(workspace, made)
    [(event, _, payload)] = told
    assert event == f"onstage.{verdict}"
    assert payload["reasons"] == ["because"]
    assert (payload["data_set"], payload["champion"]) == ("watches", "7")
