"""`onstage cluster`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.commands.options import answer, config_argument, json_option


if TYPE_CHECKING:
    import pandas as pd

    from onstage.clustering.clusters import Clusters
    from onstage.data.store import Reference
    from onstage.pipeline.workspace import Workspace


@click.command(name="cluster")
@config_argument
@click.option("--k", type=click.IntRange(min=1), help="Number of clusters.  [default: chosen]")
@click.option(
    "--scaling",
    type=click.Choice(["log", "robust", "raw"]),
    help="How features are made comparable.  [default: the configuration's]",
)
@json_option
def command(config: Path, k: int | None, scaling: Any, *, as_json: bool) -> None:  # noqa: ANN401
    """Group users and items of CONFIG's log by what they do; print sizes and profiles.

    Says how many clusters there are and why, what sets each apart, which feature decides under
    which scaling, what changed since the last clustering, and where labels and figures are. With
    --k or --scaling it is a look: the clusters whose numbers the next retrain keeps, and that
    `recommend --clusters` adds, stay what they were.

    \b
    Example:  onstage cluster configs/kumu-demo.yaml --k 4 --scaling raw
    """
    from flows.running import orchestrated
    from onstage.pipeline.clusters import read_all_clusters
    from onstage.pipeline.workspace import Workspace

    with orchestrated(config):
        from flows.cluster import cluster

        made = cluster(str(config), k, scaling)
    workspace = Workspace.open(config)
    groups = read_all_clusters(workspace, made)
    value = {kind: _value(workspace, made, kind, one) for kind, one in groups.items()}
    text = [_text(kind, one, value[kind]["files"]) for kind, one in groups.items()]
    answer(value, "\n".join(text), as_json=as_json)


def _value(
    workspace: "Workspace", made: "Reference", kind: str, clusters: "Clusters"
) -> dict[str, Any]:
    """Everything of one kind, for a program."""
    names = clusters.describe()
    profile = clusters.profile.reset_index().assign(name=names.to_numpy())
    return {
        "k": clusters.k,
        "reason": clusters.reason,
        "scaling": clusters.scaling,
        "method": clusters.method,
        "decided_by": clusters.decided_by,
        "numbers": clusters.basis,
        "profile": profile.to_dict("records"),
        "means": clusters.means.reset_index().to_dict("records"),
        "sentences": {str(n): text for n, text in clusters.sentences().items()},
        "elbow": clusters.elbow.to_dict("records"),
        "scalings": clusters.spaces.reset_index().to_dict("records"),
        "agreement": clusters.agreement.reset_index().to_dict("records"),
        "changes": clusters.changes.reset_index().to_dict("records"),
        "files": _files(workspace, made, kind),
    }


def _files(workspace: "Workspace", made: "Reference", kind: str) -> dict[str, str]:
    from onstage.reporting.cluster_plots import PAGE, PICTURES

    places = {"labels": f"{kind}/labels.parquet", "page": PAGE}
    places |= {name: f"{kind}/{file}" for name, file in PICTURES.items()}
    return {name: str(workspace.store.path(made, file)) for name, file in places.items()}


def _text(kind: str, clusters: "Clusters", files: dict[str, str]) -> str:
    """Everything of one kind, for a person."""
    every = (
        f"k = {clusters.k} under every scaling: silhouette, share of the largest cluster, then "
        "each feature's share of the variance between clusters"
    )
    lines = [
        f"{kind}: {clusters.reason}",
        f"{clusters.method}; {clusters.decided_by}",
        *(f"  {number}  {sentence}" for number, sentence in clusters.sentences().items()),
        "",
        "medians (size and share first)",
        _numbers(clusters.profile.T),
        "",
        "means",
        _numbers(clusters.means.T),
        "",
        every,
        _numbers(clusters.spaces.T.round(3)),
        "",
        "adjusted Rand index between scalings",
        _numbers(clusters.agreement.round(3)),
        "",
        clusters.basis,
        *([] if set(clusters.changes["change"]) == {"first"} else [_numbers(clusters.changes)]),
        "",
        *(f"{name:<8} {place}" for name, place in files.items()),
        "",
    ]
    return "\n".join(lines)


def _numbers(table: "pd.DataFrame") -> str:
    return table.to_string(float_format="{:,.4g}".format)
