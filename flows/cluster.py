"""Group users and items."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.cluster import cluster as group


@flow(name="cluster", flow_run_name="cluster-{config}")
def cluster(
    config: Annotated[str, Field(description="Configuration file, e.g. configs/deskdrop.yaml")],
) -> Reference:
    """Ingest, validate, and cluster users and items by what they do."""
    workspace = Workspace.open(config)
    with workspace.alone("cluster"):
        return group(workspace, accepted(workspace))
