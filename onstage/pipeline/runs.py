"""The tracking run around a flow."""

import logging
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version

from onstage.pipeline.leaks import split_of
from onstage.pipeline.repro.environment import (
    CONFIG,
    ENVIRONMENT,
    Environment,
    config_text,
    tags_of,
)
from onstage.pipeline.workspace import Workspace
from onstage.settings import MlflowSettings, Settings
from onstage.tracking.tracker import Tracker


logger = logging.getLogger(__name__)


@lru_cache(maxsize=2)
def _open(mlflow: str, settings: str) -> Tracker:
    return Tracker.open(
        MlflowSettings.model_validate_json(mlflow), Settings.model_validate_json(settings)
    )


def tracker_of(workspace: Workspace) -> Tracker:
    """The tracker of this process, opened once.

    Raises
    ------
    onstage.errors.TrackingError
        Within a few seconds, if the server or the database does not answer.
    """
    return _open(workspace.mlflow.model_dump_json(), workspace.settings.model_dump_json())


def end_orphans(workspace: Workspace) -> None:
    """End the runs that killed processes left RUNNING in this experiment, as KILLED."""
    orphans = tracker_of(workspace).mark_orphans(workspace.experiment)
    if orphans:
        logger.warning("%d runs of killed processes were marked KILLED", len(orphans))


@contextmanager
def tracked(
    workspace: Workspace, name: str, flow_run: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Open one run for a whole flow; it ends FINISHED, FAILED or KILLED with the block.

    Runs that killed processes left RUNNING in this experiment are ended first. The configuration
    and the environment are kept with the run (:mod:`onstage.pipeline.repro.environment`).

    Parameters
    ----------
    name
        The flow's name.
    flow_run
        Tags that say which flow run this is (:data:`~onstage.tracking.runs.FLOW_ID`, its address).

    Yields
    ------
    str
        The run's id.
    """
    end_orphans(workspace)
    tracker = tracker_of(workspace)
    config = workspace.config
    environment = Environment.of(workspace)
    tags = {
        "onstage.kind": name,
        "onstage.version": version("onstage"),
        **tags_of(config, environment),
        "onstage.python": platform.python_version(),
        **(flow_run or {}),
        **split_of(config),
    }
    with tracker.run(workspace.experiment, name, tags=tags, params={"seed": config.seed}) as run:
        tracker.log_text(run, config_text(config), CONFIG)
        tracker.log_text(run, environment.model_dump_json(indent=1), ENVIRONMENT)
        yield run
