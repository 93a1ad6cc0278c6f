"""A logged run made again: what it was made from, and what came out otherwise."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from onstage.config import PipelineConfig
from onstage.data.store import Reference
from onstage.errors import ConfigError, NotFoundError, TrackingError
from onstage.pipeline.environment import CONFIG, ENVIRONMENT, Environment, sources_of
from onstage.pipeline.made import BOARD, LOG, MADE, Made
from onstage.pipeline.ranking import ROWS, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.sameness import Difference, differences, without_slices
from onstage.pipeline.workspace import Workspace
from onstage.settings import MlflowSettings, Settings, explain, load_mlflow_settings, load_settings
from onstage.tracking.runs import PARENT, RunRecord
from onstage.tracking.tracker import Tracker


KINDS: Final = ("retrain", "backtest", "promote")
"""Runs that have a leaderboard."""


@dataclass(frozen=True)
class Recorded:
    """What a run keeps of itself.

    Attributes
    ----------
    config, environment, made
        What it was made from.
    rows
        Its leaderboard.
    """

    run: str
    config: PipelineConfig
    environment: Environment
    made: Made
    rows: pd.DataFrame

    @property
    def champions(self) -> list[Recipe]:
        """Recipes that came from the registry: an empty one cannot give them."""
        return [recipe for recipe in self.made.recipes if recipe.origin == "champion"]

    def workspace(self, home: Path) -> Workspace:
        """A workspace of the recorded configuration: store, tracking and registry are in `home`."""
        alone = {"tracking_uri": None, "registry_uri": None, "artifact_location": None}
        rules = {**alone, "promotion": self.environment.promotion}
        return Workspace(
            self.config,
            load_settings().model_copy(update={"home": home}),
            load_mlflow_settings().model_copy(update=rules),
        )


def recorded(run: str, mlflow: MlflowSettings, settings: Settings) -> Recorded:
    """Read what a run keeps of itself.

    Raises
    ------
    NotFoundError
        If there is no such run, if it has no leaderboard, or if an earlier release made it.
    """
    tracker = Tracker.open(mlflow, settings)
    try:
        known = tracker.get(run)
    except TrackingError as error:
        message = f"run {run!r}: not in this tracking store ({error})"
        raise NotFoundError(message) from error
    _check_kind(known)
    try:
        texts = {name: tracker.read_text(run, name) for name in (CONFIG, ENVIRONMENT, MADE, ROWS)}
        return Recorded(
            run,
            PipelineConfig.model_validate(yaml.safe_load(texts[CONFIG])),
            Environment.model_validate_json(texts[ENVIRONMENT]),
            Made.model_validate_json(texts[MADE]),
            pd.DataFrame(json.load(StringIO(texts[ROWS]))),
        )
    except TrackingError as error:
        message = (
            f"run {run}: it does not keep what it was made from ({error}); run `onstage retrain "
            "--again` with this release, and repeat that run"
        )
        raise NotFoundError(message) from error
    except ValidationError as error:
        raise ConfigError(explain(error, f"run {run}")) from error


def _check_kind(known: RunRecord) -> None:
    kind, parent = known.tags.get("onstage.kind", "?"), known.tags.get(PARENT)
    if kind not in KINDS or parent is not None:
        remedy = f"give its parent {parent}" if parent else "give another run's id"
        message = (
            f"run {known.run_id} ({known.name}) has no leaderboard of its own, as those of "
            f"{', '.join(KINDS)} have; {remedy}"
        )
        raise NotFoundError(message)
    if known.status != "FINISHED":
        message = f"run {known.run_id} is {known.status}: only a finished run can be compared"
        raise NotFoundError(message)


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
        *_changed("source ", past.made.sources, sources_of(workspace.config), short=16),
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
