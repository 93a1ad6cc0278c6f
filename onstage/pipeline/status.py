"""How a data set stands: who is champion, how old its data are, and what ran last."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from onstage.pipeline.ingestion import last_acceptance
from onstage.pipeline.outcome import previous
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.registry.versions import DECISION
from onstage.tracking.runs import ERROR, RunRecord


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ChampionStatus(_Part):
    """Who is served."""

    version: str
    """Its version in the registry."""
    model: str
    """Its name on the leaderboard."""
    since: datetime | None
    """When it took the alias, UTC; None where the audit does not say."""
    reasons: tuple[str, ...]
    """Why, as the audit has it."""
    newest_row: str | None
    """Time of the newest row that it was fitted on; None where it was not written down."""


class DataStatus(_Part):
    """The log that was accepted last."""

    rows: int
    users: int
    items: int
    newest_row: str
    """Time of the newest interaction, as the log counts time."""
    age_hours: float | None
    """Hours from then to now; None where the log counts steps."""


class RunStatus(_Part):
    """One retrain."""

    run: str
    """Id in MLflow."""
    status: str
    """RUNNING, FINISHED, FAILED or KILLED."""
    started: datetime | None
    seconds: float | None
    """None while it runs."""
    said: str
    """The decision, or the error; empty if neither."""


class Status(_Part):
    """How a data set stands."""

    name: str
    champion: ChampionStatus | None
    """None before the first."""
    data: DataStatus | None
    """None before the first accepted log."""
    retrains: tuple[RunStatus, ...]
    """The newest first; one that ended at once because nothing was new left no run."""
    drift: str | None
    """What the newest retrain said about drift, in one line; None where it did not look."""
    report: str | None
    """The page of the newest retrain."""


def status_of(workspace: Workspace, now: datetime, *, retrains: int = 5) -> Status:
    """Look at the registry, the audit, the last accepted batch and MLflow; nothing is written.

    Parameters
    ----------
    now
        What ages are measured to; timezone-aware.
    retrains
        Most runs listed.

    Raises
    ------
    TrackingError
        If the tracking server or the registry does not answer.
    """
    last = previous(workspace)
    return Status(
        name=workspace.config.name,
        champion=_champion(workspace, now),
        data=_data(workspace, now),
        retrains=tuple(_retrains(workspace))[:retrains],
        drift=None if last is None or last.drift is None else last.drift.sentence,
        report=None if last is None else last.page,
    )


def _champion(workspace: Workspace, now: datetime) -> ChampionStatus | None:
    name = workspace.registered_model
    champion = registry_of(workspace).champion(name)
    if champion is None:
        return None
    entry = audit_of(workspace).crowned(name, now)
    if entry is not None and entry.after != champion.version:
        entry = None
    newest = champion.standing.newest
    return ChampionStatus(
        version=champion.version,
        model=champion.model,
        since=None if entry is None else entry.time,
        reasons=() if entry is None else entry.reasons,
        newest_row=None if newest is None else workspace.config.clock.render(newest),
    )


def _data(workspace: Workspace, now: datetime) -> DataStatus | None:
    accepted = last_acceptance(workspace)
    if accepted is None:
        return None
    batch = accepted.profile
    age = None
    if batch.clock.kind == "utc":
        age = batch.clock.seconds(batch.clock.parse(now) - batch.last) / 3600
    return DataStatus(
        rows=batch.rows,
        users=batch.users,
        items=batch.items,
        newest_row=batch.clock.render(batch.last),
        age_hours=age,
    )


def _retrains(workspace: Workspace) -> list[RunStatus]:
    tracker = tracker_of(workspace)
    found = tracker.search(workspace.experiment, tags={"onstage.kind": "retrain"})
    return [_run(run) for run in reversed(found)]


def _run(run: RunRecord) -> RunStatus:
    seconds = None
    if run.started is not None and run.ended is not None:
        seconds = (run.ended - run.started).total_seconds()
    return RunStatus(
        run=run.run_id,
        status=run.status,
        started=run.started,
        seconds=seconds,
        said=run.tags.get(ERROR) or run.tags.get(DECISION, ""),
    )
