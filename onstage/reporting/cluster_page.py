"""Clusters in three dimensions as a page that turns under the pointer, without a network."""

import html
from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from onstage.clustering.clusters import Clusters
from onstage.reporting.cluster_space import Axis, Space, space_of
from onstage.reporting.figures import COLOURS
from onstage.reporting.jinja import templates


SYMBOLS: Final = ("circle", "square", "diamond", "cross", "circle-open", "square-open")
"""One per colour."""
TOOLS: Final = [["toImage", "zoom3d", "pan3d", "tableRotation", "resetCameraDefault3d"]]
"""Nothing that talks to a network."""
NARROW: Final = 34
"""Letters of a name on one line: a phone's width."""


def write_cluster_page(groups: Mapping[str, Clusters], path: Path, *, title: str) -> Path:
    """Write one HTML file with a 3-D figure for each kind; plotly's script is in it, once.

    The same clusters give the same bytes.
    """
    from markupsafe import Markup

    parts: list[dict[str, Any]] = []
    for kind, clusters in groups.items():
        space = space_of(clusters)
        parts.append(
            {
                "what": kind,
                "made": clusters,
                "sentences": clusters.sentences().to_dict(),
                "note": space.note,
                # made by plotly, which escapes what is in it
                "figure": Markup(_figure(clusters, space, kind, first=not parts)),  # noqa: S704
            }
        )
    page = templates().get_template("clusters.html").render(title=title, parts=parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _figure(clusters: Clusters, space: Space, kind: str, *, first: bool) -> str:
    import plotly.graph_objects as go

    names = clusters.describe()
    traces = [
        go.Scatter3d(
            **_points(space, cluster),
            mode="markers",
            name="<br>".join(wrap(html.escape(f"{cluster}: {names[cluster]}"), NARROW)),
            marker={
                "size": 3,
                "opacity": 0.75,
                "color": COLOURS[number % len(COLOURS)],
                "symbol": SYMBOLS[number % len(SYMBOLS)],
            },
            hovertemplate="%{text}<extra></extra>",
        )
        for number, cluster in enumerate(map(int, names.index))
    ]
    figure = go.Figure(traces)
    sides = dict(zip(("xaxis", "yaxis", "zaxis"), map(_side, space.axes), strict=True))
    figure.update_layout(
        scene={**sides, "aspectmode": "cube", "camera": {"eye": {"x": 1.4, "y": -2.0, "z": 1.0}}},
        legend={"orientation": "h", "yanchor": "top", "y": -0.02, "itemsizing": "constant"},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        template="plotly_white",
        autosize=True,
    )
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=first,
            div_id=f"space-{kind}",
            default_height="100%",
            config={"displaylogo": False, "responsive": True, "modeBarButtons": TOOLS},
        )
    )


def _points(space: Space, cluster: int) -> dict[str, Any]:
    """Places and texts of one cluster's points."""
    mine = space.cluster == cluster
    named = [axis for axis in space.axes if axis.name]
    values = [axis.values[mine] for axis in named]
    texts = []
    for number, one in enumerate(space.ids[mine]):
        lines = [f"{axis.name} {v[number]:,.4g}" for axis, v in zip(named, values, strict=True)]
        texts.append("<br>".join(html.escape(line) for line in [str(one), *lines]))
    places = {side: axis.at[mine] for side, axis in zip("xyz", space.axes, strict=True)}
    return {**places, "text": texts}


def _side(axis: Axis) -> dict[str, Any]:
    side: dict[str, Any] = {"title": {"text": html.escape(axis.name)}}
    if axis.ticks:
        return {**side, "tickvals": list(axis.ticks), "ticktext": list(axis.labels)}
    return side if axis.name else {**side, "showticklabels": False}
