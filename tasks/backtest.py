"""Examination on the test part."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="backtest", task_run_name="backtest-{recipe.name}", cache_policy=NO_CACHE)
def backtest(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference:
    """Run :func:`onstage.pipeline.backtest.backtested`."""
    from onstage.pipeline.backtest import backtested

    return report(backtested(workspace, validated, recipe))
