"""Look at the data."""

from prefect import flow

from flows.parts import at_work, opened
from onstage.data.store import Reference
from onstage.pipeline.exploring import FOLIO
from tasks.explore import explore as look
from tasks.explore import survey
from tasks.folio import record
from tasks.ingest import ingest
from tasks.lineage import say
from tasks.validate import validate


@flow(name="explore", flow_run_name="explore-{config}")
def explore(
    config: str,
) -> Reference:
    """Ingest, validate, and show what the log looks like: one page, its figures, its numbers.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = opened(config)
    with at_work(workspace, "explore"):
        tables = ingest(workspace)
        log = validate(workspace, tables)
        made = look(workspace, tables, log, survey(workspace, tables))
        say(mlflow=record(workspace, FOLIO, log, made))
        return made
