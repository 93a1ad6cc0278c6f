"""The masked evaluation."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="masked-auc",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def masked_auc(
    workspace: Workspace, validated: Reference, model: str, share: float, run: str
) -> Reference:
    """Run :func:`onstage.pipeline.masking.masked`, and record it in MLflow."""
    from onstage.pipeline.masking import masked, record_masked

    made = report(masked(workspace, validated, model, share))
    record_masked(workspace, made, model, share, run)
    return made
