"""Batch recommendations of the champion as a step."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from onstage.columns import Columns
from onstage.data.store import Reference, digest_file
from onstage.errors import ConfigError
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.promoting import registry_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.versions import KEY, Version
from onstage.serving.batch import recommend_all
from onstage.serving.bundle import Bundle
from onstage.serving.release import load_version
from onstage.serving.users import read_users


logger = logging.getLogger(__name__)

RECOMMEND_VERSION = "1"


def served(workspace: Workspace) -> Version:
    """The champion; before the first one, the challenger, with a warning.

    Raises
    ------
    ConfigError
        If neither is registered.
    """
    registry, name = registry_of(workspace), workspace.registered_model
    champion = registry.champion(name)
    if champion is not None:
        return champion
    challenger = registry.challenger(name)
    if challenger is None:
        message = f"{name}: nothing is registered yet; run `onstage retrain` first"
        raise ConfigError(message)
    logger.warning("%s has no champion yet: its challenger answers", name)
    return challenger


def champion_bundle(workspace: Workspace, version: Version) -> Bundle:
    """Load a version's bundle, from the store or from the registry's artifacts."""
    return load_version(registry_of(workspace), version)


def recommended(
    workspace: Workspace, validated: Reference, *, users: str | None = None
) -> Reference:
    """Write the lists that the configuration asks for, from the served version.

    Parameters
    ----------
    users
        File of user identifiers; all users by default.

    With ``at: now`` every call is a new step, since now never comes again.
    """
    config = workspace.config.recommend
    version = served(workspace)
    asked = None if users is None else digest_file(Path(users))
    moment = str(time.time_ns()) if config.at == "now" else ""

    def build(folder: Path) -> Mapping[str, float | int | str]:
        items = accepted_log(workspace, validated).items
        titled = items is not None and Columns.TITLE in items
        bundle = champion_bundle(workspace, version)
        counts = recommend_all(
            bundle,
            folder / f"recommendations.{config.format}",
            at=config.at,
            k=config.k,
            users=None if users is None else read_users(Path(users), bundle.model.dataset.users),
            items=items if titled else None,
        )
        return {"version": version.version, **counts}

    return workspace.step(
        "recommend",
        RECOMMEND_VERSION,
        {"log": validated, "model": version.tags.get(KEY, version.run_id), "moment": moment},
        {"recommend": config, "users": asked},
        build,
    )


def lists_path(workspace: Workspace, made: Reference) -> Path:
    """The file of lists in a recommend artefact."""
    return workspace.store.path(made, f"recommendations.{workspace.config.recommend.format}")
