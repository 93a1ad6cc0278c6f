"""Figures of watching: durations, the share of a stream that was watched, weekdays."""

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from onstage.exploring.lengths import Lengths, Shape
from onstage.exploring.watched import LABELS, Watched
from onstage.exploring.weekdays import TIME, Weekdays
from onstage.exploring.wording import DAY, HOUR, MINUTE, duration, percent
from onstage.reporting.exploration.draw import Figures, draw
from onstage.reporting.exploration.panels import (
    MOMENTS,
    SHORT,
    bars,
    figure_of,
    panel,
    percents,
    ticks,
)
from onstage.reporting.figures import COLOURS


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))
UNITS_SHOWN: Final = 3
"""A unit is used from so many of it."""


@draw.register(Lengths)
def _(shown: Lengths) -> Figures:
    figures: Figures = {"watch_duration": _raw(shown.raw)}
    if shown.log is not None:
        figures["watch_duration_log"] = _logarithm(shown.log)
    return figures


def _raw(shape: Shape) -> "Figure":
    end = shape.edges[-1]
    size, unit = next(((s, u) for s, u in UNITS if end >= UNITS_SHOWN * s), UNITS[-1])
    with panel("Watch duration") as axes:
        axes.stairs(_density(shape), shape.edges / size, fill=True, color=COLOURS[0], alpha=0.75)
        _mark(axes, shape.median / size, duration(shape.median), "upper right")
        axes.set_xlabel(f"watch duration ({unit})")
        axes.set_ylabel("share of watches")
        axes.margins(x=0.01)
        axes.set_ylim(bottom=0)
        percents(axes)
        return figure_of(axes)


def _logarithm(shape: Shape) -> "Figure":
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    edges = np.exp(shape.edges)
    with panel("Watch duration, logarithmic") as axes:
        axes.stairs(_density(shape), edges, fill=True, color=COLOURS[2], alpha=0.75)
        middle = float(np.exp(shape.median))
        _mark(axes, middle, duration(middle), "upper left")
        axes.set_xscale("log")
        inside = [m for m in MOMENTS if edges[0] <= m <= edges[-1]]
        if inside:
            axes.xaxis.set_major_locator(FixedLocator(inside))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: MOMENTS.get(round(v), "")))
        axes.set_xlabel("watch duration (logarithmic)")
        axes.set_ylabel("share of watches")
        axes.set_ylim(bottom=0)
        percents(axes)
        return figure_of(axes)


def _density(shape: Shape) -> NDArray[np.float64]:
    return np.asarray(shape.heights / shape.n, dtype=np.float64)


def _mark(
    axes: "Axes", median: float, text: str, where: Literal["upper left", "upper right"]
) -> None:
    axes.axvline(median, color=COLOURS[1], linestyle="--", linewidth=1.2, label=f"median\n{text}")
    axes.legend(fontsize=10, loc=where)


@draw.register(Watched)
def _(shown: Watched) -> Figures:
    last = len(LABELS) if shown.buckets[-1] else len(LABELS) - 1
    shares = np.asarray(shown.shares[:last])
    names = [*(str(10 * b) for b in range(1, 11)), ">100"][:last]
    with panel("Share of the stream watched") as axes:
        bars(axes, names, shares)
        drawn = axes.containers[0]
        axes.bar_label(drawn, [f"{100 * s:.1f}" for s in shares], padding=2, fontsize=9)  # type: ignore[arg-type]
        axes.axvline(4.5, color=COLOURS[1], linestyle="--", linewidth=1.2)
        right = f"more than half: {percent(shown.over_half / shown.known)}"
        axes.text(
            0.98,
            0.95,
            right,
            transform=axes.transAxes,
            ha="right",
            va="top",
            color=COLOURS[1],
            fontsize=10,
        )
        axes.set_xlabel("up to … % of the stream")
        axes.set_ylabel("share of watches")
        percents(axes)
        return {"watched_share": figure_of(axes)}


@draw.register(Weekdays)
def _(shown: Weekdays) -> Figures:
    figures: Figures = {}
    chosen = ["users", "items", TIME if TIME in shown.table else "rows"]
    for number, column in enumerate(chosen):
        values = shown.table[column].to_numpy(dtype=np.float64)
        hours = column == TIME
        title = f"{shown.measures[column]}{' (h)' if hours else ''} by weekday"
        with panel(title[0].upper() + title[1:]) as axes:
            bars(axes, list(SHORT), values / HOUR if hours else values, COLOURS[number])
            ticks(axes)
            figures[f"weekdays_{'watch_time' if hours else column}"] = figure_of(axes)
    return figures
