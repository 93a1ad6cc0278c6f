"""Groups of users and items as a step."""

import time
from collections.abc import Mapping
from pathlib import Path

from onstage.clustering.clusters import Clusters
from onstage.clustering.files import read_clusters, write_clusters
from onstage.clustering.kmeans import cluster_dataset
from onstage.data.store import Reference
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Workspace


CLUSTER_VERSION = "1"


def clustered(workspace: Workspace, validated: Reference) -> Reference:
    """Cluster users and items of the accepted log; one folder each in the artefact."""
    config = workspace.config.clusters

    def build(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        began = time.perf_counter()
        groups = cluster_dataset(log.dataset, config, log.relations)
        fitting = time.perf_counter() - began
        for kind, clusters in groups.items():
            write_clusters(clusters, folder / kind)
        sizes = {f"{kind}_clusters": clusters.k for kind, clusters in groups.items()}
        return {**sizes, "fit_seconds": round(fitting, 3)}

    return workspace.step("cluster", CLUSTER_VERSION, {"log": validated}, config, build)


def read_all_clusters(workspace: Workspace, made: Reference) -> dict[str, Clusters]:
    """Read what :func:`clustered` made: ``users`` and ``items``, where configured."""
    return {
        kind: read_clusters(workspace.store.path(made, kind))
        for kind in ("users", "items")
        if workspace.store.path(made, kind).exists()
    }
