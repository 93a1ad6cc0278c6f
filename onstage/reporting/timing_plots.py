"""The figures of the timing report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.reporting.figures import COLOURS, drawable, new_figure, style


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDTH: Final = 5.4
"""Inches."""
MARKS: Final = {1 / 6: "10 min", 1: "1 h", 6: "6 h", 24: "1 day", 168: "1 week", 720: "30 days"}
"""Hours that the axis of the gaps is marked at."""
BINS: Final = 48


def live_plot(table: pd.DataFrame) -> "Figure":
    """Draw live streamers by hour of the day, mean and band."""
    with style():
        figure = new_figure(WIDTH, 3.2)
        axes = figure.add_subplot()
        axes.plot(table["hour"], table["value"], color=COLOURS[0], marker="o", label="mean")
        axes.fill_between(
            table["hour"], table["low"], table["high"], color=COLOURS[0], alpha=0.15, linewidth=0,
            label="8 of 10 days",
        )  # fmt: skip
        axes.set_xticks(range(0, 24, 3))
        axes.set_ylim(bottom=0)
        axes.set_xlabel("hour of the day")
        axes.set_ylabel("streamers live")
        axes.set_title("Live streamers by hour of the day")
        axes.legend(loc="lower right")
    return figure


def offline_plot(models: pd.DataFrame) -> "Figure":
    """Draw the share of recommendations that are not live, a bar a model."""
    with style():
        figure = new_figure(WIDTH, 1.2 + 0.3 * len(models))
        axes = figure.add_subplot()
        places = np.arange(len(models))
        axes.barh(places, 100 * models["offline"], color=COLOURS[1], height=0.65)
        for place, share in enumerate(models["offline"]):
            axes.text(100 * share + 1, place, f"{share:.0%}", va="center", fontsize=10)
        _name(axes, models)
        axes.set_xlim(0, 112)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel("recommendations that are not live, %")
        axes.set_title("Lists of 10 made without availability")
    return figure


def score_plot(models: pd.DataFrame) -> "Figure":
    """Draw each model's score with and without availability, joined by a line."""
    with style():
        figure = new_figure(WIDTH, 1.6 + 0.3 * len(models))
        axes = figure.add_subplot()
        places = np.arange(len(models))
        axes.hlines(places, models["blind"], models["aware"], color="#999999", linewidth=2)
        for number, (column, label) in enumerate(
            (("aware", "among the live"), ("blind", "among everything"))
        ):
            axes.plot(
                models[column], places, linestyle="none", marker="os"[number], markersize=7,
                color=COLOURS[number], label=label,
            )  # fmt: skip
        _name(axes, models)
        axes.set_xlim(left=0)
        axes.set_xlabel("ndcg@10")
        axes.set_title("Score with and without availability")
        figure.legend(loc="outside lower center", ncols=2, fontsize=10)
    return figure


def gap_plot(hours: NDArray[np.float64]) -> "Figure":
    """Draw how long viewers stay away from a streamer, in bins of equal ratio."""
    positive = hours[hours > 0]
    with style():
        figure = new_figure(WIDTH, 3.2)
        axes = figure.add_subplot()
        if len(positive):
            low, high = positive.min(), max(positive.max(), positive.min() * 2)
            bins = np.geomspace(low, high * 1.0001, BINS)
            share = 100 * np.histogram(positive, bins)[0] / len(hours)
            axes.stairs(share, bins, fill=True, color=COLOURS[2])
            axes.set_xscale("log")
            marks = {h: text for h, text in MARKS.items() if low <= h * 1.01 and h <= high}
            axes.set_xticks(list(marks), list(marks.values()))
            axes.minorticks_off()
        axes.set_xlabel("time since the last visit of the same streamer")
        axes.set_ylabel("returns, % a bin")
        axes.set_title("When viewers come back")
    return figure


def week_plot(
    streamers: NDArray[np.float64], viewers: NDArray[np.float64], days: Sequence[str]
) -> "Figure":
    """Draw two heat maps: hour of the day across, day of the week down."""
    with style():
        figure = new_figure(2 * WIDTH, 3.6)
        panels = figure.subplots(1, 2)
        titles = ("streamers live", "views started an hour")
        for axes, table, title in zip(panels, (streamers, viewers), titles, strict=True):
            image = axes.imshow(table, cmap="viridis", aspect="auto")
            axes.grid(visible=False)
            axes.set_xticks(range(0, 24, 3))
            axes.set_yticks(range(7), [drawable(day) for day in days])
            axes.set_xlabel("hour of the day")
            axes.set_title(title)
            figure.colorbar(image, ax=axes, shrink=0.9)
    return figure


def _name(axes: "Axes", models: pd.DataFrame) -> None:
    axes.set_yticks(range(len(models)), [drawable(str(name)) for name in models["model"]])
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
