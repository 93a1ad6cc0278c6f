"""Drift."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.monitoring.drift import Drift
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.events import say_drift
from tasks.running import outside_failed


@task(
    name="drift",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def look_for_drift(  # what was examined, and who asks
    workspace: Workspace,
    log: Reference,
    backtests: dict[str, Reference],
    recipes: list[Recipe],
    run: str,
    *,
    flow: str,
) -> Drift:
    """Run :func:`onstage.pipeline.drift.drift_of`, log it, and emit an event where it drifted."""
    from onstage.pipeline.drift import answered, drift_of, record_drift

    found = drift_of(workspace, log, backtests, recipes)
    record_drift(workspace, found, run)
    say = get_run_logger().warning if found.drifted else get_run_logger().info
    say("%s", found.sentence)
    if flow == "retrain" or not answered(workspace, log):  # each look would say it again
        say_drift(workspace, found, flow=flow)
    return found
