"""What a model costs against how good it is."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.reporting import formats
from onstage.reporting.figures import COLOURS, drawable, new_figure, style
from onstage.reporting.labels import Box, placed


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text


WIDTH: Final = 4.6
"""Inches: three stand side by side on a wide screen."""
FEW: Final = 12
"""Models that fit a figure of ordinary height."""
TICKS: Final = MappingProxyType({"size_bytes": formats.size, "fit_seconds": formats.duration})
"""Costs whose ticks are written in units; the others in milliseconds."""
DECADE: Final = 10.0
FAR: Final = 12.0
"""Pixels from which on a name needs a line to its point."""


def frontier(costs: NDArray[np.float64], quality: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which models no other one beats: none is as good for less, or better for as much.

    Parameters
    ----------
    costs, quality : ndarray of float64, shape (n,)
        Finite.
    """
    cheaper = costs[:, None] <= costs
    better = quality[:, None] >= quality
    beats = cheaper & better & ((costs[:, None] < costs) | (quality[:, None] > quality))
    return np.asarray(~beats.any(axis=0))


def cost_plot(table: pd.DataFrame, cost: str, label: str, *, metric: str) -> "Figure":
    """Draw quality over one cost, a dot a model with its name beside it.

    Parameters
    ----------
    table : pandas.DataFrame, columns ``model``, ``value`` and `cost`
        Without ``nan``; costs are above 0 and stand on a logarithmic axis.
    cost, label
        Column, and what the axis is called.
    metric
        What ``value`` is.
    """
    costs = table[cost].to_numpy(dtype=np.float64)
    quality = table[Columns.VALUE].to_numpy(dtype=np.float64)
    best = frontier(costs, quality)
    with style():
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=2.5, foreground="white")]
        figure = new_figure(WIDTH, 3.5 + 0.14 * max(0, len(table) - FEW))
        axes = figure.add_subplot()
        axes.set_xscale("log")
        order = np.argsort(costs[best], kind="stable")
        line = (costs[best][order], quality[best][order])
        axes.step(*line, where="post", color=COLOURS[0], linewidth=1, alpha=0.6)
        axes.plot(costs[best], quality[best], "o", color=COLOURS[0], markersize=6)
        axes.plot(costs[~best], quality[~best], "o", color="#777777", markersize=5)
        axes.margins(x=0.12, y=0.1)
        _write_ticks(axes, cost)
        axes.set_xlabel(label)
        axes.set_ylabel(drawable(formats.words(metric)))
        names = [
            axes.text(
                x,
                y,
                drawable(str(name)),
                fontsize=9,
                color=COLOURS[0] if top else "#333333",
                path_effects=halo,
            )
            for x, y, name, top in zip(costs, quality, table[Columns.MODEL], best, strict=True)
        ]
        figure.draw_without_rendering()  # lays out, so that places in pixels are known
        figure.set_layout_engine("none")
        _spread(axes, names, np.column_stack([costs, quality]))
    return figure


def _write_ticks(axes: "Axes", cost: str) -> None:
    """Ticks in units; at round numbers where the axis has no two powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = axes.get_xlim()
    few = LogLocator(numticks=5) if high / low > DECADE**2 else MaxNLocator(4, min_n_ticks=2)
    axes.xaxis.set_major_locator(few)
    write = TICKS.get(cost, formats.milliseconds)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _spread(axes: "Axes", names: "list[Text]", points: NDArray[np.float64]) -> None:
    """Move every name to a free place, with a line to its point where it is far off."""
    pixels = np.asarray(axes.transData.transform(points), dtype=np.float64)
    extents = [name.get_window_extent() for name in names]
    sizes = np.array([[box.width + 2, box.height] for box in extents])
    edge = axes.get_window_extent()
    frame = Box(edge.x0, edge.y0, edge.x1, edge.y1)
    back = axes.transData.inverted()
    for name, point, at, box in zip(
        names, points, pixels, placed(pixels, sizes, frame), strict=True
    ):
        name.set_position(tuple(back.transform((box.left + 1, box.bottom))))
        name.set_verticalalignment("bottom")
        near = np.clip(at, [box.left, box.bottom], [box.right, box.top])
        if np.hypot(*(near - at)) > FAR:
            end = back.transform(near)
            axes.plot(*zip(point, end, strict=True), color="#999999", linewidth=0.7, zorder=1)
