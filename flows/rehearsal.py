"""Nights of retraining on a simulated platform, one after the other, without waiting."""

import logging
import time
from collections.abc import Callable

from onstage.errors import ConfigError, OnstageError
from onstage.pipeline.ingestion import last_acceptance
from onstage.pipeline.outcome import Outcome, previous
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.rehearsal import Stage
from onstage.pipeline.workspace import Workspace
from onstage.registry.enact import rollback
from onstage.reporting.timeline import Night


WHY = "rehearsal: somebody did not like the new one"


def first_time(stage: Stage) -> None:
    """See that nobody rehearsed under this name here.

    Raises
    ------
    ConfigError
        If the registry has a champion of it, or the home folder its state.
    """
    workspace = Workspace.open(stage.config)
    if registry_of(workspace).champion(workspace.registered_model) or workspace.folder.exists():
        message = (
            f"{stage.name}: a data set of this name is known here already; give --name, or another "
            "home folder (ONSTAGE_HOME)"
        )
        raise ConfigError(message)


def _here(stage: Stage) -> Outcome:
    """Retrain in this process."""
    from flows.retrain import retrain

    return retrain(str(stage.config))


def rehearsed(
    stage: Stage, say: Callable[[Night], None], retrain: Callable[[Stage], Outcome] = _here
) -> list[Night]:
    """Play every night of the plan; decisions are those of the ordinary retrain and its gate.

    Parameters
    ----------
    say
        Told each night when it is over.
    retrain
        How a night's retrain is run; an error of ours is a refusal.
    """
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: not record.name.startswith("prefect."))
    nights = []
    for number in range(1, stage.plan.nights + 1):
        night = _night(stage, number, retrain)
        nights.append(night)
        say(night)
    return nights


def _night(stage: Stage, number: int, retrain: Callable[[Stage], Outcome]) -> Night:
    workspace = Workspace.open(stage.config)
    arrived, story = stage.arrive(number)
    if number == stage.plan.rollback:
        story = (*story, _roll_back(workspace))
    before, last = _champion(workspace), previous(workspace)
    began = time.perf_counter()
    outcome, refusal = None, ""
    try:
        outcome = retrain(stage)
    except OnstageError as error:
        refusal = str(error)
    seconds = time.perf_counter() - began
    accepted = last_acceptance(workspace)
    return Night(
        number=number,
        story=story,
        arrived=arrived,
        accepted=0 if accepted is None else accepted.profile.rows,
        before=before,
        after=_champion(workspace),
        seconds=seconds,
        **_found(outcome, last, refusal),
    )


def _found(outcome: Outcome | None, last: Outcome | None, refusal: str) -> dict[str, object]:
    if outcome is None:
        return {"decision": "refused", "reason": refusal}
    told: dict[str, object] = {
        "decision": outcome.decision.verdict,
        "reason": outcome.decision.sentence,
    }
    repeated = last is not None and last.run == outcome.run  # its drift is the night before's
    if outcome.drift is not None and not repeated:
        told["drift"] = outcome.drift.reasons
        champion = outcome.drift.champion
        if champion is not None:
            told |= {"value": champion.now, "low": champion.now_low, "high": champion.now_high}
    return told


def _champion(workspace: Workspace) -> str | None:
    champion = registry_of(workspace).champion(workspace.registered_model)
    return None if champion is None else f"v{champion.version} {champion.model}"


def _roll_back(workspace: Workspace) -> str:
    entry = rollback(registry_of(workspace), audit_of(workspace), workspace.registered_model, WHY)
    return f"rolled back in the morning from v{entry.before} to v{entry.after}"
