"""What a person looks at afterwards: the page, and Prefect's artifacts."""

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from onstage.pipeline.outcome import Outcome
from onstage.pipeline.workspace import Workspace
from tasks.running import outside_failed


@task(
    name="report",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=outside_failed,
)
def publish_report(workspace: Workspace, outcome: Outcome) -> Outcome:
    """Render the page, log it, and link it with the leaderboard, the run and Data Docs."""
    from onstage.pipeline.outcome import remember
    from onstage.pipeline.page import copy_lists, write_page
    from onstage.pipeline.ranking import primary_rows, read_rows
    from onstage.pipeline.runs import tracker_of
    from onstage.reporting.tables import leaderboard_records

    page = write_page(workspace, outcome)
    lists = copy_lists(workspace, outcome)
    done = outcome.model_copy(update={"page": str(page)})
    remember(workspace, done)
    name = workspace.config.name.replace("_", "-")
    rows = primary_rows(read_rows(workspace, outcome.board), workspace)
    create_table_artifact(leaderboard_records(rows), key=f"leaderboard-{name}")
    create_markdown_artifact(f"**{outcome.decision.sentence}**", key=f"decision-{name}")
    docs = workspace.store.path(outcome.log, "data_docs/index.html")
    for key, link in (
        ("mlflow-run", tracker_of(workspace).url(outcome.run)),
        ("report", page.resolve().as_uri()),
        ("data-docs", docs.resolve().as_uri()),
        ("recommendations", lists.resolve().as_uri()),
    ):
        if link:
            create_link_artifact(link, link_text=key, key=f"{key}-{name}")
    get_run_logger().info("report %s", page)
    return done
