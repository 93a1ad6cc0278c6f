"""Which artefact came before which: what a step that looks back at its own last result needs."""

import logging
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace, read_state, write_atomically


logger = logging.getLogger(__name__)


class Lineage(BaseModel):
    """The newest artefact of a step, and the one before it.

    The answer to the question that was asked last stands on the artefact before it, not on itself:
    so asking again finds the same artefact, however often and whenever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    question: str
    """Digest of what `made` was made from, but for `before`."""
    made: Reference
    """The newest."""
    before: Reference | None = None
    """What it looked back at; None for the first of its line."""


def newest(workspace: Workspace, name: str) -> Reference | None:
    """The newest artefact of a line; None before the first, or where it is gone from the store."""
    known = read_state(_path(workspace, name), Lineage)
    return None if known is None else _standing(workspace, known.made)


def before(workspace: Workspace, name: str, question: str) -> Reference | None:
    """The artefact to look back at for `question`; None where there is none."""
    known = read_state(_path(workspace, name), Lineage)
    if known is None:
        return None
    last = known.before if known.question == question else known.made
    return None if last is None else _standing(workspace, last)


def looked_back(workspace: Workspace, name: str) -> bool:
    """Whether the newest artefact of a line looked back at one before it."""
    known = read_state(_path(workspace, name), Lineage)
    return known is not None and known.before is not None


def publish(
    workspace: Workspace, name: str, question: str, made: Reference, last: Reference | None
) -> None:
    """Make `made` the newest of its line."""
    known = Lineage(question=question, made=made, before=last)
    write_atomically(_path(workspace, name), known.model_dump_json(indent=1))


def _standing(workspace: Workspace, made: Reference) -> Reference | None:
    found = workspace.store.find(made.step, made.key)
    if found is None:
        logger.warning("%s is gone: numbers of clusters start anew", made.name)
    return found


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.folder / f"{name}.ref.json"
