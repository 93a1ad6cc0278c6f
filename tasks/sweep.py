"""Tuning."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="sweep", task_run_name="sweep-{algorithm}", cache_policy=NO_CACHE)
def sweep(workspace: Workspace, validated: Reference, algorithm: str, parent: str) -> Reference:
    """Run :func:`onstage.pipeline.sweeping.swept`; `parent` is the retrain's MLflow run."""
    from onstage.pipeline.sweeping import swept

    return report(swept(workspace, validated, algorithm, parent))
