"""What all panels of an exploration share: size, ticks, colours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from onstage.exploring.tables import WEEKDAYS
from onstage.exploring.wording import DAY, HOUR, MINUTE
from onstage.reporting.figures import COLOURS, drawable, new_figure, style


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 4.6
HEIGHT: Final = 3.0
"""Inches of one panel: two or three stand side by side on a screen, one on a phone."""

DAY_COLOURS: Final = (*COLOURS, "#444444")
"""One per weekday, Monday first."""
SHORT: Final = tuple(day[:3] for day in WEEKDAYS)

MILLION: Final = 1e6
TEN_THOUSAND: Final = 1e4
HEAVY: Final = 30.0
"""An axis whose largest value is so many times the usual one gets a logarithmic scale."""
MOMENTS: Final = {
    1: "1 s",
    10: "10 s",
    MINUTE: "1 min",
    10 * MINUTE: "10 min",
    HOUR: "1 h",
    10 * HOUR: "10 h",
    4 * DAY: "4 d",
    40 * DAY: "40 d",
}


@contextmanager
def panel(title: str, *, width: float = WIDTH, height: float = HEIGHT) -> Iterator["Axes"]:
    """One titled figure with one pair of axes, in our look; ``axes.figure`` is the figure."""
    with style():
        axes = new_figure(width, height).add_subplot()
        axes.set_title(drawable(title))
        yield axes


def figure_of(axes: "Axes") -> "Figure":
    """The figure that a panel's axes belong to."""
    from matplotlib.figure import Figure

    figure = axes.figure
    if not isinstance(figure, Figure):
        message = f"axes of {type(figure).__name__}, expected those of a panel"
        raise TypeError(message)
    return figure


def compact(value: float, _: object = None) -> str:
    """A tick: ``950``, ``1,200``, ``15k``, ``2.5M``."""
    if abs(value) >= MILLION:
        return f"{value / MILLION:,.4g}M"
    if abs(value) >= TEN_THOUSAND:
        return f"{value / 1_000:,.4g}k"
    return f"{value:,.6g}"


def ticks(axes: "Axes", *, x: Callable[..., str] | None = None, y: bool = True) -> None:
    """Write compact ticks; `x` writes those of the horizontal axis, where they are numbers."""
    from matplotlib.ticker import FuncFormatter

    if y:
        axes.yaxis.set_major_formatter(FuncFormatter(compact))
    if x is not None:
        axes.xaxis.set_major_formatter(FuncFormatter(x))


def percents(axes: "Axes", which: str = "y") -> None:
    """Write the ticks of shares as percent."""
    from matplotlib.ticker import FuncFormatter

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))


def bars(axes: "Axes", names: "list[str]", heights: ArrayLike, colour: str = COLOURS[0]) -> None:
    """Upright bars with their names below, and room above."""
    axes.bar(range(len(names)), heights, color=colour, width=0.8)
    axes.set_xticks(range(len(names)), [drawable(name) for name in names])
    axes.grid(visible=False, axis="x")
    axes.margins(x=0.02, y=0.12)


def typical(values: ArrayLike) -> float:
    """The median of what is not zero."""
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(np.median(sizes)) if len(sizes) else 0.0


def stretch(axes: "Axes", which: str, *, usual: float, most: float) -> bool:
    """Give an axis a logarithmic scale that has a zero, if it would show one blot else."""
    from matplotlib.ticker import FuncFormatter, NullLocator, SymmetricalLogLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    if not most > HEAVY * usual > 0:
        axis.set_major_formatter(FuncFormatter(compact))
        return False
    (axes.set_xscale if which == "x" else axes.set_yscale)("symlog", linthresh=1.0, linscale=0.5)
    axis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1.0))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(compact))
    return True


def words(name: str) -> str:
    """A column's name as words, with its unit."""
    spoken = "duration (s)" if name == "duration_seconds" else name.replace("_", " ")
    return drawable(spoken)
