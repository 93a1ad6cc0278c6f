"""What a logged run keeps of itself, and a place to make it again."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import pandas as pd
import yaml
from pydantic import ValidationError

from onstage.config import PipelineConfig, RunnerConfig
from onstage.errors import ConfigError, NotFoundError, TrackingError
from onstage.pipeline.ranking import ROWS
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.repro.environment import CONFIG, ENVIRONMENT, Environment
from onstage.pipeline.repro.made import MADE, Made
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
        """A workspace of the recorded configuration; all that it writes is in `home`.

        Store, tracking, registry, and studies too, whatever database the environment names. What
        ran on a cluster runs here, as many at the same time.
        """
        alone = {"tracking_uri": None, "registry_uri": None, "artifact_location": None}
        rules = {**alone, "promotion": self.environment.promotion}
        config = self.config
        if config.runner.spreads:
            sweep = config.sweep.with_processes(config.runner.workers)
            config = config.model_copy(update={"runner": RunnerConfig(), "sweep": sweep})
        return Workspace(
            config,
            load_settings().model_copy(
                update={"home": home, "optuna_storage": None, "store_remote": None}
            ),
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
