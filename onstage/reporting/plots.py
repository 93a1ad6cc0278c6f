"""The plots of a report. Each returns a matplotlib figure; nothing is shown or saved."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.clustering.clusters import Clusters
from onstage.columns import Columns
from onstage.reporting.figures import COLOURS, MARKERS, drawable, new_figure, style
from onstage.reporting.tables import PRIMARY


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDTH: Final = 5.4
"""Inches: readable on paper and, scaled down, on a phone."""

CLIP: Final = 2.5
"""Standard deviations at which the colours of the heat map end."""


def elbow_plot(clusters: Clusters, what: str) -> "Figure":
    """Draw inertia and silhouette over k, with the chosen k marked.

    Parameters
    ----------
    clusters
        With at least one k tried.
    what
        Word for the title, e.g. ``users``.
    """
    table = clusters.elbow
    with style():
        figure = new_figure(WIDTH, 2.9)
        parts = zip(figure.subplots(1, 2), ("inertia", "silhouette"), COLOURS, strict=False)
        for axes, column, colour in parts:
            axes.plot(table["k"], table[column], color=colour, marker="o", markersize=4)
            axes.axvline(clusters.k, color="#555555", linestyle="--", linewidth=1)
            axes.set_xlabel("number of clusters k")
            axes.set_title(column)
            axes.set_xticks(table["k"].to_numpy()[1::3])
            axes.margins(y=0.08)
        title = f"Clusters of {what}: k = {clusters.k} (dashed)"
        figure.suptitle(drawable(title), x=0.02, ha="left", fontsize=12)
    return figure


def profile_plot(clusters: Clusters, what: str) -> "Figure":
    """Draw a heat map: by how many standard deviations each cluster's mean is off.

    Colours end at :data:`CLIP`; the numbers do not.
    """
    table = clusters.deviations
    with style():
        figure = new_figure(WIDTH, 1.5 + 0.3 * table.shape[1])
        axes = figure.add_subplot()
        values = table.to_numpy().T
        image = axes.imshow(values, cmap="RdBu_r", vmin=-CLIP, vmax=CLIP, aspect="auto")
        axes.grid(visible=False)
        axes.set_yticks(range(values.shape[0]), [_feature(str(c)) for c in table.columns])
        shares = clusters.profile["share"]
        names = [f"{number}\n{shares[number]:.0%}" for number in table.index]
        axes.set_xticks(range(values.shape[1]), names)
        axes.set_xlabel(drawable(f"cluster, and its share of {what}"))
        axes.set_title(drawable(f"What sets clusters of {what} apart"))
        _write_values(axes, values)
        figure.colorbar(image, ax=axes, label="standard deviations\nfrom the mean", shrink=0.9)
    return figure


def hour_plot(table: pd.DataFrame, *, metric: str = PRIMARY) -> "Figure":
    """Draw a score by hour of the day.

    Parameters
    ----------
    table : pandas.DataFrame, columns ``hour`` (0 to 23) and ``value``
        One row per hour that has events. With ``low`` and ``high`` a band is drawn, with
        ``model`` one line per model.
    metric
        What the values are.
    """
    with style():
        figure = new_figure(WIDTH, 3.4)
        axes = figure.add_subplot()
        parts = list(table.groupby(Columns.MODEL)) if Columns.MODEL in table else [("", table)]
        for number, (model, part) in enumerate(parts):
            colour = COLOURS[number % len(COLOURS)]
            line = part.sort_values("hour")
            marker = MARKERS[number % len(MARKERS)]
            label = drawable(str(model))
            axes.plot(line["hour"], line[Columns.VALUE], color=colour, marker=marker, label=label)
            if Columns.LOW in line:
                ends = (line[Columns.LOW], line[Columns.HIGH])
                axes.fill_between(line["hour"], *ends, color=colour, alpha=0.15, linewidth=0)
        axes.set_xticks(range(0, 24, 3))
        axes.set_xlabel("hour of the day")
        axes.set_ylabel(drawable(metric.replace("_at_", "@")))
        axes.set_title(drawable(f"{metric.replace('_at_', '@')} by hour of the day"))
        if len(parts) > 1:
            figure.legend(loc="outside lower center", ncols=2, fontsize=10)
    return figure


def _write_values(axes: "Axes", values: NDArray[np.float64]) -> None:
    dark = 0.6 * CLIP
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if abs(value) > dark else "black"
        axes.text(column, row, _signed(value), ha="center", va="center", color=ink, fontsize=10)


def _signed(value: float) -> str:
    """One digit after the point, with its sign; no sign for what rounds to zero."""
    rounded = round(float(value), 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def _feature(name: str) -> str:
    return drawable(name.replace("_", " "))
