"""Tuning."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report
from tasks.spreading import Cluster


@task(
    name="sweep",
    task_run_name="sweep-{algorithm}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def sweep(
    workspace: Workspace,
    validated: Reference,
    algorithm: str,
    parent: str,
    cluster: Cluster | None = None,
) -> Reference:
    """Run :func:`onstage.pipeline.sweeping.swept`; `parent` is the retrain's MLflow run."""
    from onstage.pipeline.sweeping import swept

    dispatch = None if cluster is None else cluster.dispatch
    return report(swept(workspace, validated, algorithm, parent, dispatch))
