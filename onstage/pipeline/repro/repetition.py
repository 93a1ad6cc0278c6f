"""A run beside its repetition: what it was made from, and what came out otherwise."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from onstage.data.store import Reference
from onstage.pipeline.ranking import read_rows
from onstage.pipeline.repro.environment import Environment
from onstage.pipeline.repro.made import BOARD, LOG, Made
from onstage.pipeline.repro.rebuilding import Recorded
from onstage.pipeline.repro.sameness import Difference, differences, without_slices
from onstage.pipeline.workspace import Workspace


class Change(BaseModel):
    """Something that the run was made from, and that is otherwise now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    was: str
    now: str

    @property
    def sentence(self) -> str:
        """One line."""
        return f"{self.what}: was {self.was}, is {self.now}"


class Repeated(BaseModel):
    """A run beside its repetition."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    run: str
    changes: tuple[Change, ...]
    """Data first, then code, libraries and machine; they need not make a difference."""
    rows: int
    """Rows of the leaderboard that were compared."""
    left_out: int = 0
    """Rows of kinds of viewers that were numbered by an earlier retrain's, and so not compared."""
    differences: tuple[Difference, ...]
    """Numbers of the leaderboard that differ, in the order of :func:`differences`."""
    artefacts: tuple[Change, ...]
    """Artefacts with other digests."""

    @property
    def same(self) -> bool:
        """Whether every number and every digest is what it was."""
        return not self.differences and not self.artefacts


def compared(past: Recorded, workspace: Workspace, board: Reference, again: Made) -> Repeated:
    """Compare a recorded run with its repetition.

    Parameters
    ----------
    past
        The run.
    workspace
        Where it was repeated.
    board
        Its leaderboard there.
    again
        What the repetition was made of.
    """
    was, now = past.rows, read_rows(workspace, board)
    digests = (dict(past.made.artefacts), dict(again.artefacts))
    left_out = 0
    if past.made.numbered_before:
        left_out = len(was) - len(without_slices(was))
        was, now = without_slices(was), without_slices(now)
        for some in digests:
            some.pop(BOARD, None)
    return Repeated(
        run=past.run,
        changes=tuple(changes(past, workspace, again)),
        rows=len(was),
        left_out=left_out,
        differences=tuple(differences(was, now)),
        artefacts=tuple(_changed("", *digests, short=16)),
    )


def changes(past: Recorded, workspace: Workspace, again: Made) -> list[Change]:
    """What is otherwise than it was: data, code, then everything else."""
    was, now = past.environment, Environment.of(workspace)
    tables = ({LOG: past.made.artefacts[LOG]}, {LOG: again.artefacts[LOG]})
    made = [
        *_changed("source ", past.made.sources, again.sources, short=16),
        *_changed("accepted tables, ", *tables, short=16),
        *_changed("", {"code": was.code}, {"code": now.code}),
        *_changed("", {"code digest": was.code_digest}, {"code digest": now.code_digest}, short=16),
        *_changed("library ", was.libraries, now.libraries),
    ]
    for name in ("python", "machine", "threads"):
        one, other = ({name: str(getattr(side, name))} for side in (was, now))
        made.extend(_changed("", one, other))
    return made


def _changed(
    prefix: str, was: dict[str, Any], now: dict[str, Any], *, short: int | None = None
) -> list[Change]:
    return [
        Change(
            what=f"{prefix}{name}",
            was=was.get(name, "missing")[:short],
            now=now.get(name, "missing")[:short],
        )
        for name in dict.fromkeys([*was, *now])
        if was.get(name) != now.get(name)
    ]
