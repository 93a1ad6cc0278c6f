"""Reading the sources."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="ask",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def ask(workspace: Workspace) -> str:
    """Run :func:`onstage.pipeline.novelty.question`, which reads databases that are sources."""
    from onstage.pipeline.novelty import question

    return question(workspace)


@task(
    name="ingest",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def ingest(workspace: Workspace) -> Reference:
    """Run :func:`onstage.pipeline.ingestion.ingested`."""
    from onstage.pipeline.ingestion import ingested

    return report(ingested(workspace))
