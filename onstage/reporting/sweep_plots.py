"""Two plots of a sweep: how the value rose, and which parameters moved it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from onstage.columns import Columns
from onstage.reporting.figures import COLOURS, drawable, new_figure, save_png, style


if TYPE_CHECKING:
    from matplotlib.figure import Figure


WIDTH: Final = 4.6
"""Inches."""


def plot_history(trials: pd.DataFrame, path: Path) -> None:
    """Write :func:`history_plot` as a PNG, replacing what is at `path`."""
    save_png(history_plot(trials), path)


def history_plot(trials: pd.DataFrame) -> "Figure":
    """Draw every trial's value, and the best so far.

    Parameters
    ----------
    trials
        ``number``, ``state`` and ``value``, as :func:`onstage.tuning.trials.table` gives them.
        A pruned trial stands at its last look; one without a value does not appear.
    """
    shown = trials[trials[Columns.VALUE].notna()].sort_values("number")
    complete = shown[shown["state"] == "COMPLETE"]
    pruned = shown[shown["state"] == "PRUNED"]
    with style():
        from matplotlib.ticker import MaxNLocator

        figure = new_figure(WIDTH, 2.8)
        axes = figure.add_subplot()
        axes.step(
            complete["number"],
            complete[Columns.VALUE].cummax(),
            where="post",
            color=COLOURS[0],
            label="best so far",
        )
        axes.plot(complete["number"], complete[Columns.VALUE], "o", color=COLOURS[0], label="trial")
        if len(pruned):
            axes.plot(
                pruned["number"], pruned[Columns.VALUE], "x", color=COLOURS[1], label="pruned"
            )
        axes.set_xlabel("trial")
        axes.set_ylabel("validation value")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside lower center", ncols=3, fontsize=10)
    return figure


def history_sentence(trials: pd.DataFrame) -> str:
    """Say what a drawing of the trials shows; trials are numbered from 0."""
    complete = trials[(trials["state"] == "COMPLETE") & trials[Columns.VALUE].notna()]
    if complete.empty:
        return "No trial was completed."
    complete = complete.sort_values("number")
    first, best = complete.iloc[0], complete.iloc[int(complete[Columns.VALUE].argmax())]
    return (
        f"{len(complete)} completed trials, the first at {first[Columns.VALUE]:.4f}, the best "
        f"at {best[Columns.VALUE]:.4f} in trial {int(best['number'])}; "
        f"{int((trials['state'] == 'PRUNED').sum())} pruned."
    )


def plot_importance(importance: Mapping[str, float], path: Path) -> None:
    """Write a PNG with one bar per parameter, the largest share on top.

    Parameters
    ----------
    importance
        Parameter to its share of the variation, in [0, 1]. Empty: the picture says so.
    path
        Replaced if it is there.
    """
    shares = sorted(importance.items(), key=lambda pair: pair[1])
    with style():
        figure = new_figure(WIDTH, 1.2 + 0.32 * max(len(shares), 2))
        axes = figure.add_subplot()
        if shares:
            names = [drawable(name) for name, _ in shares]
            bars = axes.barh(names, [share for _, share in shares], color=COLOURS[0])
            axes.bar_label(bars, fmt="%.2f", padding=3)
            axes.set_xlim(0, 1.1)
            axes.grid(visible=False, axis="y")
            axes.set_xlabel("share of the variation in the validation value")
        else:
            axes.set_axis_off()
            axes.text(0, 0.5, "too few completed trials, or none differed", va="center")
        save_png(figure, path)
