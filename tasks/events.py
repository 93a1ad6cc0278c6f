"""What automations can wait for: events of ours, beside Prefect's own."""

from typing import Any, Final

from prefect.events import emit_event

from onstage.monitoring.drift import Drift
from onstage.pipeline.outcome import Verdict
from onstage.pipeline.workspace import Workspace


DRIFT: Final = "onstage.drift"
"""Something drifted."""
DECIDED: Final = "onstage.{verdict}"
"""``onstage.first``, ``promoted``, ``refreshed`` or ``kept``."""


def say_drift(workspace: Workspace, drift: Drift, *, flow: str) -> None:
    """Emit :data:`DRIFT` where anything drifted.

    Parameters
    ----------
    flow
        Which flow saw it: a retrain has already answered it, a look at the drift has not.
    """
    if drift.drifted:
        payload = {"sentence": drift.sentence, "reasons": list(drift.reasons)}
        _emit(workspace, DRIFT, payload, flow=flow)


def say_verdict(workspace: Workspace, verdict: Verdict) -> None:
    """Emit what the gate decided, with its reasons."""
    payload = {
        "sentence": verdict.sentence,
        "reasons": list(verdict.reasons),
        "champion": verdict.champion,
        "challenger": verdict.challenger,
        "leader": verdict.leader,
    }
    _emit(workspace, DECIDED.format(verdict=verdict.verdict), payload, flow="retrain")


def _emit(workspace: Workspace, event: str, payload: dict[str, Any], *, flow: str) -> None:
    name = workspace.config.name
    resource = {
        "prefect.resource.id": f"onstage.data-set.{name}",
        "prefect.resource.name": name,
        "onstage.flow": flow,
    }
    emit_event(event, resource, payload={"data_set": name, **payload})
