"""Clusters in three dimensions as a picture, and every figure of a clustering as a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from onstage.clustering.clusters import Clusters
from onstage.reporting.cluster_page import write_cluster_page
from onstage.reporting.cluster_space import space_of
from onstage.reporting.figures import COLOURS, MARKERS, drawable, new_figure, save_png, style
from onstage.reporting.plots import elbow_plot, profile_plot


if TYPE_CHECKING:
    from matplotlib.figure import Figure


PAGE: Final = "clusters.html"
PICTURES: Final = {"elbow": "elbow.png", "profile": "profile.png", "space": "space.png"}


def space_plot(clusters: Clusters, what: str) -> "Figure":
    """Draw the clusters in the space of three features, original units.

    Parameters
    ----------
    clusters
        See :func:`onstage.reporting.cluster_space.space_of` for what of them is drawn.
    what
        Word for the title, e.g. ``users``.
    """
    space = space_of(clusters)
    names = clusters.describe()
    with style():
        figure = new_figure(7.2, 6.6)
        axes = figure.add_subplot(projection="3d")
        for number, cluster in enumerate(names.index):
            mine = space.cluster == cluster
            axes.scatter(
                *(axis.at[mine] for axis in space.axes),
                color=COLOURS[number % len(COLOURS)],
                marker=MARKERS[number % len(MARKERS)],
                s=9,
                alpha=0.6,
                linewidths=0,
                label=drawable(f"{cluster}: {names[cluster]}"),
            )
        for side, axis in zip((axes.xaxis, axes.yaxis, axes.zaxis), space.axes, strict=True):
            side.set_label_text(drawable(axis.name))
            side.labelpad = 9
            if axis.ticks:
                side.set_ticks(list(axis.ticks), list(axis.labels))
            elif not axis.name:
                side.set_ticks([])
        axes.view_init(elev=22, azim=-60)
        axes.set_box_aspect(None, zoom=1.0)
        figure.suptitle(drawable(f"Clusters of {what}: {space.note}"), fontsize=12)
        figure.legend(loc="outside lower center", ncols=1, fontsize=10, markerscale=2)
    return figure


def draw_clusters(groups: Mapping[str, Clusters], folder: Path, *, title: str) -> None:
    """Write every figure: one interactive page, and per kind three PNG files in its own folder.

    The same clusters give the same bytes.
    """
    write_cluster_page(groups, folder / PAGE, title=title)
    for kind, clusters in groups.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        save_png(elbow_plot(clusters, kind), folder / kind / PICTURES["elbow"])
        save_png(profile_plot(clusters, kind), folder / kind / PICTURES["profile"])
        save_png(space_plot(clusters, kind), folder / kind / PICTURES["space"])
