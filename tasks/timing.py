"""Why timing matters."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from tasks.running import report


@task(name="blindness", task_run_name="blindness-{recipe.name}", cache_policy=NO_CACHE)
def ask_blindly(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference:
    """Run :func:`onstage.pipeline.timing.blinded`."""
    from onstage.pipeline.timing import blinded

    return report(blinded(workspace, validated, recipe))


@task(name="timing", cache_policy=NO_CACHE)
def timing(
    workspace: Workspace, validated: Reference, board: Reference, blind: dict[str, Reference]
) -> Reference:
    """Run :func:`onstage.pipeline.timing.drawn`."""
    from onstage.pipeline.timing import drawn

    return report(drawn(workspace, validated, board, blind))
