"""A clustering in the tracking server: one run, with its numbers, tables and figures."""

from collections.abc import Iterator

import numpy as np

from onstage.clustering.clusters import Clusters
from onstage.data.store import Reference
from onstage.pipeline.clusters import read_all_clusters
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.reporting.cluster_plots import PAGE, PICTURES


def record_clusters(workspace: Workspace, made: Reference, run: str) -> str:
    """Log a clustering as a child run of `run`; the same one is logged once.

    Per kind: ``users/k``, ``users/silhouette`` and ``users/largest_share`` as metrics, inertia and
    silhouette of every k as series, the profile, the scalings and the changes since the last
    clustering as tables, the figures, and the interactive page.

    Returns
    -------
    str
        Id of the child run, or of the one that has it already.
    """
    tracker, experiment = tracker_of(workspace), workspace.experiment
    key = f"cluster-{made.key[:24]}"
    for known in tracker.search(experiment, tags={"onstage.artifact": made.name}):
        if known.status == "FINISHED":
            return known.run_id
    tags = {"onstage.kind": "clusters", "onstage.artifact": made.name}
    params = workspace.config.clusters.model_dump(mode="json")
    with tracker.run(
        experiment, "clusters", parent=run, tags=tags, params=params, key=key
    ) as child:
        for kind, clusters in read_all_clusters(workspace, made).items():
            silhouette = _silhouette(clusters)
            metrics = {
                f"{kind}/k": float(clusters.k),
                f"{kind}/largest_share": float(clusters.profile["share"].max()),
                **({} if np.isnan(silhouette) else {f"{kind}/silhouette": silhouette}),
            }
            texts = {f"{kind}.k": clusters.reason, f"{kind}.method": clusters.method}
            tracker.log(child, metrics=metrics, series=dict(_series(kind, clusters)), tags=texts)
            for name in ("profile", "spaces", "changes"):
                table = getattr(clusters, name).reset_index()
                tracker.log_table(child, table, f"{kind}/{name}.csv")
            for picture in PICTURES.values():
                tracker.log_artifact(child, workspace.store.path(made, f"{kind}/{picture}"), kind)
        tracker.log_artifact(child, workspace.store.path(made, PAGE))
    return child


def _silhouette(clusters: Clusters) -> float:
    tried = clusters.elbow.set_index("k")["silhouette"].to_dict()
    return float(tried.get(clusters.k, np.nan))


def _series(kind: str, clusters: Clusters) -> Iterator[tuple[str, dict[int, float]]]:
    for name in ("inertia", "silhouette"):
        tried = clusters.elbow.loc[clusters.elbow[name].notna(), ["k", name]]
        points = {int(k): float(value) for k, value in tried.itertuples(index=False)}
        if points:
            yield f"{kind}/{name}_by_k", points
