"""What a tracked run looks like from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal


if TYPE_CHECKING:
    from mlflow.entities import Run


Status = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
"""MLflow's words. A pruned trial is FINISHED: it did what was asked of it."""

PARENT: Final = "mlflow.parentRunId"
KEY: Final = "onstage.key"
"""Tag that names a piece of work, so that doing it again finds the run instead of doubling it."""
OWNER: Final = "onstage.owner"
"""Tag with the process that writes to the run (:class:`onstage.tracking.owner.Owner`)."""
FLOW_ID: Final = "prefect.flow_run_id"
FLOW_URL: Final = "prefect.flow_run_url"
"""Tags with the flow run that a run belongs to; children have those of their parent."""
ERROR: Final = "onstage.error"
"""Tag with the one line that says why a run failed."""


@dataclass(frozen=True)
class RunRecord:
    """A run as it stood when it was asked for."""

    run_id: str
    name: str
    experiment_id: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    started: datetime | None = None
    """When it began, UTC."""
    ended: datetime | None = None
    """When it ended, UTC; None while it runs, though it may have ended before."""

    @classmethod
    def of(cls, run: "Run") -> "RunRecord":
        """Copy what we use out of MLflow's object."""
        return cls(
            run_id=run.info.run_id,
            name=run.info.run_name or "",
            experiment_id=run.info.experiment_id,
            status=run.info.status,
            tags=dict(run.data.tags),
            params=dict(run.data.params),
            metrics=dict(run.data.metrics),
            started=_instant(run.info.start_time),
            ended=None if run.info.status == "RUNNING" else _instant(run.info.end_time),
        )


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def status_of(error: BaseException) -> Status:
    """How a run ends that `error` ended: FAILED, or KILLED when somebody stopped it."""
    return "FAILED" if isinstance(error, Exception) else "KILLED"
