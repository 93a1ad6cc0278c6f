"""Pages that are shown and logged."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.folio import Folio
from onstage.pipeline.workspace import Workspace
from tasks.lineage import whose
from tasks.running import outside_failed


@task(
    name="record-page",
    task_run_name="record-{folio.kind}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def record(workspace: Workspace, folio: Folio, log: Reference, made: Reference) -> str:
    """Run :meth:`onstage.pipeline.folio.Folio.record`."""
    return folio.record(workspace, log, made, whose())
