"""Batch recommendations."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(name="look-ahead", cache_policy=NO_CACHE)
def look_ahead(workspace: Workspace, log: Reference) -> int:
    """Run :func:`onstage.pipeline.recommending.see_that_somebody_is_live`."""
    from onstage.pipeline.recommending import see_that_somebody_is_live

    return see_that_somebody_is_live(workspace, log)


@task(
    name="recommend",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def recommend(workspace: Workspace, log: Reference, users: str | None = None) -> Reference:
    """Run :func:`onstage.pipeline.recommending.recommended` as the configuration says."""
    from onstage.pipeline.recommending import recommended

    return report(recommended(workspace, log, users=users))
