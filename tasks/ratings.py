"""Ratings models: compared, tuned, checked, kept."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.ratings.comparing import Comparison
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="compare-ratings",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def compare_ratings(workspace: Workspace, validated: Reference, run: str) -> Comparison:
    """Run :func:`onstage.pipeline.ratings.comparing.compared`, and record it in MLflow."""
    from onstage.pipeline.ratings.comparing import compared, table
    from onstage.pipeline.ratings.recording import record

    made = compared(workspace, validated)
    rows = table(workspace, made)
    new = record(workspace, validated, made, rows, run)
    said = (len(made.made), len(made.refused), new)
    get_run_logger().info("%d models compared, %d refused, %d new in MLflow", *said)
    return made


@task(
    name="sweep-ratings",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def sweep_ratings(workspace: Workspace, validated: Reference, parent: str) -> Reference:
    """Run :func:`onstage.pipeline.ratings.sweeping.swept_ratings`."""
    from onstage.pipeline.ratings.sweeping import swept_ratings

    return report(swept_ratings(workspace, validated, parent))


@task(name="check-ratings", cache_policy=NO_CACHE)
def check_ratings(
    workspace: Workspace, validated: Reference, swept: Reference, run: str
) -> Reference:
    """Run :func:`onstage.pipeline.ratings.checking.checked`, and record it in MLflow."""
    from onstage.pipeline.ratings.checking import checked, record_check
    from onstage.pipeline.ratings.sweeping import best_of

    made = report(checked(workspace, validated, best_of(workspace, swept)))
    record_check(workspace, made, run)
    return made


@task(name="ratings-model", cache_policy=NO_CACHE)
def learn_ratings(
    workspace: Workspace, validated: Reference, swept: Reference, check: Reference
) -> Reference:
    """Run :func:`onstage.pipeline.ratings.estimating.learned`, and let it be asked."""
    from onstage.pipeline.ratings.estimating import learned, publish
    from onstage.pipeline.ratings.sweeping import best_of

    made = report(learned(workspace, validated, best_of(workspace, swept), check))
    publish(workspace, made)
    return made
