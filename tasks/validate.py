"""Whether a batch may be trained on."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.lineage import say
from tasks.running import report


@task(name="validate", cache_policy=NO_CACHE)
def validate(workspace: Workspace, source: Reference) -> Reference:
    """Run the expectation suites; publish the evidence; then stop the run if they failed."""
    from expectations.step import judge, validated

    made = report(validated(workspace, source))
    say(data=made.digest)
    verdict = judge(workspace, source, made)
    get_run_logger().info("%s", verdict)
    return made
