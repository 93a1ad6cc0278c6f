"""The gate."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.outcome import Verdict
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.events import say_verdict
from tasks.running import outside_failed


@task(
    name="promote",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def promote(  # a decision looks at all of these
    workspace: Workspace,
    log: Reference,
    board: Reference,
    backtests: dict[str, Reference],
    recipes: list[Recipe],
    run: str,
) -> Verdict:
    """Run :func:`onstage.pipeline.promoting.promoted`, and say so as an event; safe to do twice."""
    from onstage.pipeline.promoting import promoted

    verdict = promoted(workspace, log, board, backtests, recipes, run)
    get_run_logger().info("%s", verdict.sentence)
    say_verdict(workspace, verdict)
    return verdict
