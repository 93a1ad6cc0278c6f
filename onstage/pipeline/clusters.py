"""Groups of users and items as a step."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from onstage.clustering.clusters import Clusters
from onstage.clustering.files import read_clusters, write_clusters
from onstage.clustering.kmeans import cluster_dataset
from onstage.data.store import Reference, digest_json
from onstage.errors import ConfigError
from onstage.pipeline import lineage
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Workspace
from onstage.reporting.cluster_plots import draw_clusters


CLUSTER_VERSION = "3"
LINE: Final = "clusters"
"""Name of the data set's state that says which clustering is the newest."""
CONTENT: Final = ("*.parquet", "*.json")
"""What others depend on; figures are for people."""
KINDS: Final = ("users", "items")


def clustered(workspace: Workspace, validated: Reference, *, publish: bool = True) -> Reference:
    """Cluster users and items of the accepted log; one folder each in the artefact.

    Numbers are those of the data set's last clustering where it has one. Beside the tables stand
    ``clusters.html`` (3-D, interactive) and per kind ``elbow.png``, ``profile.png`` and
    ``space.png``.

    Parameters
    ----------
    publish
        Make it the data set's newest clustering: the one that the next is matched to, and that
        recommendations are joined with. A look at another k or scaling is not.
    """
    config = workspace.config.clusters
    question = digest_json({"version": CLUSTER_VERSION, "log": validated.digest, "config": config})
    last = lineage.before(workspace, LINE, question)

    def build(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        began = time.perf_counter()
        known = {} if last is None else read_all_clusters(workspace, last)
        groups = cluster_dataset(log.dataset, config, log.relations, last=known)
        fitting = time.perf_counter() - began
        for kind, clusters in groups.items():
            write_clusters(clusters, folder / kind)
        draw_clusters(groups, folder, title=f"{workspace.config.name}: clusters")
        sizes = {f"{kind}_clusters": clusters.k for kind, clusters in groups.items()}
        return {**sizes, "fit_seconds": round(fitting, 3)}

    inputs: dict[str, Reference | str] = {"log": validated, "last": last or ""}
    made = workspace.step("cluster", CLUSTER_VERSION, inputs, config, build, content=CONTENT)
    if publish:
        lineage.publish(workspace, LINE, question, made, last)
    return made


def read_all_clusters(workspace: Workspace, made: Reference) -> dict[str, Clusters]:
    """Read what :func:`clustered` made: ``users`` and ``items``, where configured."""
    return {
        kind: read_clusters(workspace.store.path(made, kind))
        for kind in KINDS
        if workspace.store.path(made, kind).exists()
    }


def newest_clusters(workspace: Workspace) -> Reference:
    """The data set's newest clustering.

    Raises
    ------
    ConfigError
        Before the first one.
    """
    made = lineage.newest(workspace, LINE)
    if made is None:
        name = workspace.config.name
        message = f"{name}: no clusters here yet; run `onstage cluster` or `onstage retrain` first"
        raise ConfigError(message)
    return made
