"""The leaderboard."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed, report


@task(
    name="leaderboard",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def leaderboard(
    workspace: Workspace,
    log: Reference,
    backtests: dict[str, Reference],
    recipes: list[Recipe],
    run: str,
    slices: Reference | None = None,
) -> Reference:
    """Run :func:`onstage.pipeline.ranking.ranked`, make it the newest, and record it in MLflow."""
    from onstage.pipeline.ranking import publish, ranked
    from onstage.pipeline.recording import record

    made = report(ranked(workspace, backtests, recipes, slices))
    publish(workspace, made)
    record(workspace, log, made, backtests, recipes, run)
    return made
