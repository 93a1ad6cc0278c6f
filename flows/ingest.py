"""Read the sources and judge them."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace


@flow(name="ingest", flow_run_name="ingest-{config}")
def ingest(
    config: Annotated[str, Field(description="Configuration file, e.g. configs/deskdrop.yaml")],
) -> Reference:
    """Ingest and validate; bad rows go to quarantine, a failed suite fails the run."""
    workspace = Workspace.open(config)
    with workspace.alone("ingest"):
        return accepted(workspace)
