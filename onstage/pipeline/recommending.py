"""Batch recommendations of the champion as a step."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.store import Reference, digest_file
from onstage.errors import ConfigError
from onstage.pipeline.clusters import newest_clusters, read_all_clusters
from onstage.pipeline.exams import Log, accepted_log
from onstage.pipeline.promoting import registry_of, stored_bundle
from onstage.pipeline.workspace import Workspace
from onstage.registry.versions import KEY, Version
from onstage.serving.batch import recommend_all
from onstage.serving.bundle import Bundle
from onstage.serving.release import load_version
from onstage.serving.users import read_users


logger = logging.getLogger(__name__)

RECOMMEND_VERSION = "4"


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
    """Load a version's bundle: from the store if it stands there, else from the registry."""
    here = stored_bundle(workspace, version)
    return load_version(registry_of(workspace), version) if here is None else here


def instant(workspace: Workspace, log: Log) -> int:
    """The tick at which the configuration wants its lists, by the newest log."""
    at, clock = workspace.config.recommend.at, workspace.config.clock
    newest = int(log.dataset.time[-1])
    if at == "last":
        return newest
    if at == "now":
        return newest + 1 if clock.kind == "step" else clock.parse(datetime.now(UTC))
    return clock.parse(at)


def see_that_somebody_is_live(workspace: Workspace, validated: Reference) -> int:
    """How many items are live when the configuration wants its lists.

    Asked before anything is trained: an instant at which nobody is live would fail only after the
    champion moved.

    Raises
    ------
    ConfigError
        If nobody is.
    """
    log, at = accepted_log(workspace, validated), workspace.config.recommend.at
    tick = instant(workspace, log)
    live = len(log.availability.live_at(tick))
    if live == 0:
        when = workspace.config.clock.render(tick)
        message = (
            f"recommend.at {at!r}: nobody is live at {when} in this log; choose "
            "`last`, another instant, or give windows that reach so far"
        )
        raise ConfigError(message)
    return live


def recommended(
    workspace: Workspace, validated: Reference, *, users: str | None = None
) -> Reference:
    """Write the lists that the configuration asks for, from the served version.

    Who asks and who is live are taken from the newest log, which may be newer than the model: users
    who are new get what is popular among the live, and items it has never seen are not ranked.

    Parameters
    ----------
    users
        File of user identifiers; all users by default.

    With ``recommend.clusters`` each row also says the clusters of its user and its item, those of
    the data set's newest clustering.

    With ``at: now`` every call is a new step, since now never comes again.
    """
    config = workspace.config.recommend
    version = served(workspace)
    asked = None if users is None else digest_file(Path(users))
    groups = newest_clusters(workspace) if config.clusters else None
    moment = str(time.time_ns()) if config.at == "now" else ""

    def build(folder: Path) -> Mapping[str, float | int | str]:
        see_that_somebody_is_live(workspace, validated)
        log = accepted_log(workspace, validated)
        items, tick = log.items, instant(workspace, log)
        titled = items is not None and Columns.TITLE in items
        bundle = champion_bundle(workspace, version)
        known = log.dataset.users[log.dataset.user_counts > 0]
        counts = recommend_all(
            bundle,
            folder / f"recommendations.{config.format}",
            at=tick,
            k=config.k,
            users=known if users is None else read_users(Path(users), known),
            live=log.dataset.items.take(log.availability.live_at(tick)),
            items=items if titled else None,
            repeat=RepeatPolicy(kind="exclude") if config.only_new else None,
            clusters=None if groups is None else _numbers(workspace, groups),
        )
        return {"version": version.version, **counts}

    return workspace.step(
        "recommend",
        RECOMMEND_VERSION,
        {
            "log": validated,
            "model": version.tags.get(KEY, version.run_id),
            "moment": moment,
            "clusters": groups or "",
        },
        {"recommend": config, "users": asked},
        build,
    )


def _numbers(workspace: Workspace, groups: Reference) -> dict[str, pd.Series]:
    """Number of the cluster by id, of users and of items."""
    tables = read_all_clusters(workspace, groups).values()
    return {str(made.labels.columns[0]): made.of for made in tables}


def lists_path(workspace: Workspace, made: Reference) -> Path:
    """The file of lists in a recommend artefact."""
    return workspace.store.path(made, f"recommendations.{workspace.config.recommend.format}")
