"""Groups of users and items."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="cluster", cache_policy=NO_CACHE)
def cluster(workspace: Workspace, validated: Reference) -> Reference:
    """Run :func:`onstage.pipeline.clusters.clustered`."""
    from onstage.pipeline.clusters import clustered

    return report(clustered(workspace, validated))
