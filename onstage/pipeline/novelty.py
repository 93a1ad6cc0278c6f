"""Whether there is anything to do at all."""

import logging
from pathlib import Path

from onstage.data.sources.ingest import input_digest
from onstage.data.store import Reference, digest_json
from onstage.errors import UnreachableError
from onstage.pipeline.outcome import Outcome, Verdict, previous
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.repro.environment import code_digest
from onstage.pipeline.runs import end_orphans
from onstage.pipeline.workspace import Workspace


logger = logging.getLogger(__name__)


def question(workspace: Workspace) -> str:
    """Digest of everything a retrain depends on: sources, configuration, gate and code."""
    return digest_json(
        {
            "sources": input_digest(workspace.config.data),
            "config": workspace.config,
            "promotion": workspace.mlflow.promotion,
            "code": code_digest(),
        }
    )


def nothing_new(workspace: Workspace) -> Outcome | None:
    """The last retrain's outcome, if this one could only repeat it; else None.

    The sources have the same bytes, configuration, gate and code are the same, every artefact is
    whole, and the aliases stand where that retrain left them. Recommendations ``at: now`` are
    always new. Runs that killed processes left RUNNING are ended, as by a retrain that goes on.
    """
    last = previous(workspace)
    if last is None or workspace.config.recommend.at == "now" or not Path(last.page).exists():
        return None
    try:
        same = last.question == question(workspace)
    except UnreachableError as error:  # the retrain's own steps ask again
        logger.warning("%s", error)
        return None
    if not same or not all(_whole(workspace, s) for s in last.steps):
        return None
    champion = registry_of(workspace).champion(workspace.registered_model)
    if (None if champion is None else champion.version) != last.decision.champion:
        return None
    end_orphans(workspace)  # a retrain may have been killed after all that it had to do
    return last.model_copy(
        update={
            "decision": _kept(last.decision),
            "sweeps": {name: _reused(made) for name, made in last.sweeps.items()},
            "backtests": {name: _reused(made) for name, made in last.backtests.items()},
            **{
                name: _reused(getattr(last, name))
                for name in ("log", "board", "clusters", "recommendations")
            },
            "slices": None if last.slices is None else _reused(last.slices),
        }
    )


def _whole(workspace: Workspace, made: Reference) -> bool:
    return workspace.store.find(made.step, made.key) is not None


def _reused(made: Reference) -> Reference:
    return made.model_copy(update={"reused": True})


def _kept(last: Verdict) -> Verdict:
    holder = "no champion yet" if last.champion is None else f"kept champion v{last.champion}"
    reason = "nothing new: the same data, configuration and code"
    bundle = None if last.bundle is None else _reused(last.bundle)
    return last.model_copy(
        update={
            "verdict": "kept",
            "sentence": f"{holder}: {reason}",
            "reasons": (reason,),
            "gains": {},
            "conditions": (),
            "bundle": bundle,
        }
    )
