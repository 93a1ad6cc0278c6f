"""A look at the data."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="survey",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def survey(workspace: Workspace, ingested: Reference) -> Reference:
    """Run :func:`onstage.pipeline.exploring.surveyed`."""
    from onstage.pipeline.exploring import surveyed

    return report(surveyed(workspace, ingested))


@task(name="explore", cache_policy=NO_CACHE)
def explore(
    workspace: Workspace, ingested: Reference, validated: Reference, source: Reference
) -> Reference:
    """Run :func:`onstage.pipeline.exploring.explored`."""
    from onstage.pipeline.exploring import explored

    return report(explored(workspace, ingested, validated, source))
