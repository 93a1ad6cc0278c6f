"""Group users and items."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.parts import accepted, on_record, opened
from onstage.clustering.scaling import ScalingName
from onstage.data.store import Reference
from tasks.cluster import cluster as group


@flow(name="cluster", flow_run_name="cluster-{config}")
def cluster(
    config: str,
    k: Annotated[int | None, Field(ge=1)] = None,
    scaling: ScalingName | None = None,
) -> Reference:
    """Ingest, validate, and cluster users and items by what they do.

    With `k` or `scaling` it is a look: the data set's newest clustering stays what it was.

    Args:
        config: Configuration file, e.g. configs/deskdrop.yaml.
        k: Number of clusters, instead of the configuration's.
        scaling: log, robust or raw, instead of the configuration's.
    """
    workspace = opened(config).grouping(k=k, scaling=scaling)
    with on_record(workspace, "cluster") as run:
        return group(workspace, accepted(workspace), run, k is None and scaling is None)
