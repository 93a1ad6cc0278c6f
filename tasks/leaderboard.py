"""The leaderboard."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="leaderboard", cache_policy=NO_CACHE)
def leaderboard(
    workspace: Workspace, backtests: dict[str, Reference], recipes: list[Recipe]
) -> Reference:
    """Run :func:`onstage.pipeline.ranking.ranked` and make it the newest."""
    from onstage.pipeline.ranking import publish, ranked

    made = report(ranked(workspace, backtests, recipes))
    publish(workspace, made)
    return made
