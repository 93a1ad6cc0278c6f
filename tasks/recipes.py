"""Which recipes are examined."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed


@task(
    name="recipes",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=2,
    retry_condition_fn=outside_failed,
)
def recipes_to_examine(workspace: Workspace, sweeps: dict[str, Reference]) -> list[Recipe]:
    """Run :func:`onstage.pipeline.promoting.recipes_of`: fixed, swept, and the champion's."""
    from onstage.pipeline.promoting import recipes_of

    recipes = recipes_of(workspace, sweeps)
    get_run_logger().info("%d recipes: %s", len(recipes), ", ".join(r.name for r in recipes))
    return recipes


@task(
    name="champions-recipe",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=2,
    retry_condition_fn=outside_failed,
)
def champions_recipe(workspace: Workspace) -> list[Recipe]:
    """Run :func:`onstage.pipeline.promoting.champions_recipe`: one, or none before the first."""
    from onstage.pipeline.promoting import champions_recipe as recipe

    recipes = recipe(workspace)
    get_run_logger().info("%s", recipes[0].config if recipes else "no champion yet")
    return recipes
