"""Figures of numbers: box plots, scatter plots, heat maps of correlations."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from onstage.exploring.boxes import Boxes
from onstage.exploring.correlations import Correlations
from onstage.exploring.exhibit import file_name
from onstage.exploring.scatters import Scatters
from onstage.exploring.tables import SAMPLE
from onstage.exploring.wording import coefficient, count
from onstage.reporting.exploration.draw import Figures, draw
from onstage.reporting.exploration.panels import (
    DAY_COLOURS,
    SHORT,
    figure_of,
    panel,
    stretch,
    typical,
    words,
)
from onstage.reporting.figures import COLOURS


if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARK: Final = 0.6
"""From this correlation on a cell is dark and its text white."""


@draw.register(Boxes)
def _(shown: Boxes) -> Figures:
    stats = [
        {
            "med": row["median"],
            "q1": row["q1"],
            "q3": row["q3"],
            "whislo": row["low"],
            "whishi": row["high"],
            "fliers": shown.fliers.get(row["weekday"], ()),
        }
        for row in shown.table.to_dict("records")
    ]
    days = [int(day) for day in shown.table["weekday"]]
    with panel(f"{words(shown.column)} by weekday".capitalize()) as axes:
        made = axes.bxp(
            stats,
            positions=days,
            widths=0.65,
            patch_artist=True,
            flierprops={"marker": "o", "markersize": 2.5, "markeredgewidth": 0, "alpha": 0.6},
        )
        for day, box, flier in zip(days, made["boxes"], made["fliers"], strict=True):
            box.set(facecolor=DAY_COLOURS[day], alpha=0.55, edgecolor="#333333")
            flier.set(markerfacecolor=DAY_COLOURS[day])
        for line in made["medians"]:
            line.set(color="#111111", linewidth=1.6)
        logarithmic = stretch(
            axes,
            "y",
            usual=float(shown.table["q3"].max()) or 1.0,
            most=float(shown.table["most"].max()),
        )
        axes.set_xticks(days, [SHORT[day] for day in days])
        axes.set_ylabel(words(shown.column) + (", logarithmic" if logarithmic else ""))
        axes.grid(visible=False, axis="x")
        return {shown.key: figure_of(axes)}


@draw.register(Scatters)
def _(shown: Scatters) -> Figures:
    figures: Figures = {}
    for (a, b), r in zip(shown.pairs, shown.coefficients, strict=True):
        name = f"{shown.key}_{file_name(a)}_{file_name(b)}"
        while name in figures:
            name = f"{name}_"
        figures[name] = _scatter(shown, (a, b), r)
    return figures


def _scatter(shown: Scatters, pair: tuple[str, str], r: float) -> "Figure":
    a, b = pair
    rows = shown.sample.dropna(subset=[a, b])
    title = f"{words(b)} by {words(a)}"
    with panel(title[0].upper() + title[1:], height=3.5) as axes:
        dated = "weekday" in rows
        colours: list[str] | str = COLOURS[0]
        if dated:
            colours = [DAY_COLOURS[int(day)] for day in rows["weekday"].fillna(0)]
        axes.scatter(rows[a], rows[b], s=10, c=colours, alpha=0.6, linewidths=0, rasterized=True)
        for axis, column in (("x", a), ("y", b)):
            usual, most = typical(rows[column]), float(rows[column].abs().max())
            logarithmic = stretch(axes, axis, usual=usual, most=most)
            name = words(column) + (", logarithmic" if logarithmic else "")
            (axes.set_xlabel if axis == "x" else axes.set_ylabel)(name)
        axes.text(
            0.02,
            0.98,
            _told(shown, r),
            transform=axes.transAxes,
            va="top",
            fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5},
        )
        figure = figure_of(axes)
        figure.set_dpi(150)
        if dated:
            _legend(figure)
        return figure


def _told(shown: Scatters, r: float) -> str:
    sampled = f"\nsample of {count(SAMPLE)}" if len(shown.sample) < shown.rows else ""
    return f"r = {coefficient(r)}{sampled}"


def _legend(figure: "Figure") -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="none", marker="o", markersize=5, color=colour, label=day)
        for day, colour in zip(SHORT, DAY_COLOURS, strict=True)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=7,
        fontsize=9,
        handletextpad=0.1,
        columnspacing=0.7,
    )


@draw.register(Correlations)
def _(shown: Correlations) -> Figures:
    from matplotlib import colormaps

    table: pd.DataFrame = shown.table
    size = len(table)
    side = max(3.4, 1.9 + 0.42 * size)
    with panel(shown.title, width=side + 0.9, height=side) as axes:
        colours = colormaps["RdBu_r"].with_extremes(bad="#eeeeee")
        values = np.ma.masked_invalid(table.to_numpy())
        image = axes.imshow(values, cmap=colours, vmin=-1, vmax=1)
        axes.grid(visible=False)
        names = [words(str(name)) for name in table.columns]
        axes.set_xticks(range(size), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(size), names)
        axes.tick_params(length=0, labelsize=10)
        axes.spines[:].set_visible(False)
        for (row, column), r in np.ndenumerate(table.to_numpy()):
            if np.isfinite(r):
                ink = "white" if abs(r) > DARK else "black"
                axes.text(
                    column, row, coefficient(r), ha="center", va="center", color=ink, fontsize=8.5
                )
        figure = figure_of(axes)
        figure.colorbar(image, ax=axes, shrink=0.8, label="Pearson's r")
        return {shown.key: figure}
