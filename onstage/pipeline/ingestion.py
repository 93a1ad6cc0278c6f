"""From sources to canonical tables, and the memory of the last accepted batch."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from onstage.data.quality import BatchProfile
from onstage.data.sources.ingest import ingest, input_digest
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace, read_state, write_atomically


INGEST_VERSION = "1"


def ingested(workspace: Workspace) -> Reference:
    """Read the sources into canonical tables, unless the same bytes were read before."""
    config = workspace.config
    return workspace.step(
        "ingest",
        INGEST_VERSION,
        input_digest(config.data),
        {"data": config.data, "clock": config.clock},
        lambda folder: ingest(config.data, config.clock, folder),
    )


class Acceptance(BaseModel):
    """The last batch that passed validation, and what it was compared with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ingested: str
    profile: BatchProfile
    baseline: BatchProfile | None = None


def _state(workspace: Workspace) -> Path:
    return workspace.folder / "accepted.json"


def last_acceptance(workspace: Workspace) -> Acceptance | None:
    """What was accepted last, or None before the first time."""
    return read_state(_state(workspace), Acceptance)


def baseline_for(workspace: Workspace, source: Reference) -> BatchProfile | None:
    """What a batch is compared with: the accepted batch before it.

    The same batch again is compared with what it was compared with the first time, so that a rerun
    asks the same question and finds the same answer.
    """
    last = last_acceptance(workspace)
    if last is None:
        return None
    return last.baseline if last.ingested == source.digest else last.profile


def accept(workspace: Workspace, source: Reference, validated: Reference) -> None:
    """Remember a batch that passed."""
    profile = BatchProfile.model_validate_json(
        workspace.store.path(validated, "profile.json").read_text()
    )
    baseline = baseline_for(workspace, source)
    state = Acceptance(ingested=source.digest, profile=profile, baseline=baseline)
    write_atomically(_state(workspace), state.model_dump_json(indent=1))
