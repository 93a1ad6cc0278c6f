"""What a model measured while it learned, epoch by epoch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from onstage.reporting.figures import COLOURS, drawable, new_figure, style
from onstage.reporting.formats import words


if TYPE_CHECKING:
    from matplotlib.figure import Figure


WIDTH: Final = 4.6
"""Inches."""
LOSS: Final = "loss"
"""The one curve that should fall."""


def curve_plot(model: str, curves: Mapping[str, Mapping[int, float]]) -> "Figure":
    """Draw every curve of one model over its epochs, one panel each, the best epoch marked.

    Parameters
    ----------
    curves
        Name to epoch (from 1) to value; at least one, none empty. ``loss`` is best where it is
        least, any other name where it is most.
    """
    with style():
        from matplotlib.ticker import MaxNLocator

        figure = new_figure(WIDTH, 2.4 * len(curves) + 0.3)
        for number, (name, line) in enumerate(curves.items()):
            axes = figure.add_subplot(len(curves), 1, number + 1)
            colour = COLOURS[number % len(COLOURS)]
            epochs = sorted(line)
            axes.plot(epochs, [line[e] for e in epochs], color=colour, marker="o", markersize=4)
            best = best_epoch(name, line)
            axes.plot([best], [line[best]], "o", color="none", markeredgecolor="#333333", ms=10)
            axes.set_ylabel(drawable(words(name)))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.margins(x=0.06, y=0.12)
        axes.set_xlabel("epoch")
        figure.suptitle(drawable(model), x=0.02, ha="left", fontsize=12)
    return figure


def best_epoch(name: str, line: Mapping[int, float]) -> int:
    """The epoch with the least loss, or the most of anything else; the first of equals."""
    epochs = sorted(line)
    return (min if name == LOSS else max)(epochs, key=lambda epoch: line[epoch])


def curve_sentence(model: str, curves: Mapping[str, Mapping[int, float]]) -> str:
    """Say what a drawing of the curves shows."""
    parts = []
    for name, line in curves.items():
        first, last, best = min(line), max(line), best_epoch(name, line)
        parts.append(
            f"{words(name)} from {line[first]:.4f} in epoch {first} to {line[last]:.4f} in epoch "
            f"{last}, {'least' if name == LOSS else 'best'} in epoch {best} ({line[best]:.4f})"
        )
    return f"{model}: {'; '.join(parts)}."
