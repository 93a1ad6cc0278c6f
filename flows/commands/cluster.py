"""`onstage cluster`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="cluster")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Group users and items of CONFIG's log by what they do; print sizes and profiles."""
    from flows.running import prepare

    prepare(config)
    from flows.cluster import cluster
    from onstage.pipeline.clusters import read_all_clusters
    from onstage.pipeline.workspace import Workspace

    made = cluster(str(config))
    workspace = Workspace.open(config)
    groups = read_all_clusters(workspace, made)
    lines = []
    for kind, clusters in groups.items():
        lines += [f"{kind}: {clusters.reason}", clusters.profile.round(2).to_string(), ""]
        lines.append(f"labels {workspace.store.path(made, kind) / 'labels.parquet'}")
    value = {
        kind: {
            "k": clusters.k,
            "reason": clusters.reason,
            "profile": clusters.profile.reset_index().to_dict("records"),
            "labels": str(workspace.store.path(made, kind) / "labels.parquet"),
        }
        for kind, clusters in groups.items()
    }
    answer(value, "\n".join(lines), as_json=as_json)
