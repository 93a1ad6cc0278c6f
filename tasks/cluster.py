"""Groups of users and items."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="cluster",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def cluster(
    workspace: Workspace,
    validated: Reference,
    run: str,
    publish: bool = True,  # noqa: FBT001, FBT002  # Prefect shows it as a check box
) -> Reference:
    """Run :func:`onstage.pipeline.clusters.clustered` and record it in MLflow."""
    from onstage.pipeline.cluster_recording import record_clusters
    from onstage.pipeline.clusters import clustered

    made = report(clustered(workspace, validated, publish=publish))
    record_clusters(workspace, made, run)
    return made


@task(name="slices", cache_policy=NO_CACHE)
def slices(workspace: Workspace, validated: Reference) -> Reference | None:
    """Run :func:`onstage.pipeline.slices.slices_made`, where the configuration wants them."""
    from onstage.pipeline.slices import slices_made

    if not workspace.config.clusters.slices:
        get_run_logger().info("no slices: clusters.slices is false")
        return None
    return report(slices_made(workspace, validated))
