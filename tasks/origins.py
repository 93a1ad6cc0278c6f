"""Rolling origins."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.origins import Origin
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="origins", cache_policy=NO_CACHE)
def look_back(workspace: Workspace, validated: Reference, count: int) -> list[Origin]:
    """Run :func:`onstage.pipeline.origins.origins_of`."""
    from onstage.pipeline.origins import origins_of

    found = origins_of(workspace, validated, count)
    for one in found:
        said = (one.number, one.train_rows, one.events)
        get_run_logger().info("origin %d: fitted on %d rows, asked %d events", *said)
    return found


@task(name="leaderboard", task_run_name="leaderboard-{number}", cache_policy=NO_CACHE)
def rank(
    workspace: Workspace, backtests: dict[str, Reference], recipes: list[Recipe], number: int
) -> Reference:
    """Run :func:`onstage.pipeline.ranking.ranked` for origin `number`; it is nobody's newest."""
    from onstage.pipeline.ranking import ranked

    get_run_logger().info("origin %d", number)
    return report(ranked(workspace, backtests, recipes))


@task(name="gather-origins", cache_policy=NO_CACHE)
def gather(
    workspace: Workspace,
    validated: Reference,
    origins: list[Origin],
    boards: dict[int, Reference],
    recipes: dict[int, list[Recipe]],
) -> Reference:
    """Run :func:`onstage.pipeline.rolling.gathered`."""
    from onstage.pipeline.rolling import gathered

    return report(gathered(workspace, validated, origins, boards, recipes))
