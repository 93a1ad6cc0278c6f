"""Read the sources and judge them."""

from prefect import flow

from flows.parts import accepted, at_work
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace


@flow(name="ingest", flow_run_name="ingest-{config}")
def ingest(
    config: str,
) -> Reference:
    """Ingest and validate; bad rows go to quarantine, a failed suite fails the run.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = Workspace.open(config)
    with at_work(workspace, "ingest"):
        return accepted(workspace)
