"""Read the sources and judge them."""

from prefect import flow

from flows.parts import accepted, at_work, opened
from onstage.data.store import Reference


@flow(name="ingest", flow_run_name="ingest-{config}")
def ingest(
    config: str,
) -> Reference:
    """Ingest and validate; bad rows go to quarantine, a failed suite fails the run.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = opened(config)
    with at_work(workspace, "ingest"):
        return accepted(workspace)
