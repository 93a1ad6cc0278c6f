"""Group users and items."""

from prefect import flow

from flows.parts import accepted
from onstage.data.store import Reference
from onstage.pipeline.workspace import Workspace
from tasks.cluster import cluster as group


@flow(name="cluster", flow_run_name="cluster-{config}")
def cluster(
    config: str,
) -> Reference:
    """Ingest, validate, and cluster users and items by what they do.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
    """
    workspace = Workspace.open(config)
    with workspace.alone("cluster"):
        return group(workspace, accepted(workspace))
