"""Figures of the log itself: activity, counts, tail, repeats, events, weights."""

from typing import TYPE_CHECKING, Final

import numpy as np

from onstage.exploring.activity import Activity
from onstage.exploring.counts import CLIP, Counts
from onstage.exploring.events import Events
from onstage.exploring.repeats import MANY, Repeats
from onstage.exploring.tail import Tail
from onstage.exploring.weights import MOST, Weights
from onstage.exploring.wording import percent
from onstage.reporting.exploration.draw import Figures, draw
from onstage.reporting.exploration.panels import (
    bars,
    compact,
    figure_of,
    panel,
    percents,
    ticks,
)
from onstage.reporting.figures import COLOURS, drawable


if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DAYS: Final = 400
"""Longer logs are drawn in bins of several days."""


@draw.register(Activity)
def _(shown: Activity) -> Figures:
    table = shown.days
    width = -(-len(table) // MOST_DAYS)
    bins = (table["day"] - table["day"].iloc[0]) // width
    grouped = table.groupby(bins)
    starts = grouped["day"].first().to_numpy()
    at = starts.astype("datetime64[D]") if shown.calendar else starts
    per = "day" if width == 1 else f"{width} days"
    figures: Figures = {}
    for number, column in enumerate(("rows", "users", "items")):
        unique = "" if column == "rows" else "unique "
        mean = column != "rows" and width > 1
        values = grouped[column].mean() if mean else grouped[column].sum()
        title = f"{unique}{column} per {'day, mean of ' if mean else ''}{per}"
        with panel(title[0].upper() + title[1:]) as axes:
            axes.fill_between(
                at, values.to_numpy(), color=COLOURS[number], alpha=0.35, step="mid", linewidth=0
            )
            axes.step(at, values.to_numpy(), where="mid", color=COLOURS[number], linewidth=1.2)
            axes.set_ylim(bottom=0)
            axes.margins(x=0.01)
            ticks(axes)
            if shown.calendar:
                _dates(axes)
            else:
                axes.set_xlabel("day of the log")
            figures[f"activity_{column}"] = figure_of(axes)
    return figures


def _dates(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


@draw.register(Counts)
def _(shown: Counts) -> Figures:
    shares = shown.shares
    with panel(f"{shown.thing}s per {shown.holder}".capitalize()) as axes:
        axes.bar(range(1, CLIP + 2), shares, color=COLOURS[0], width=0.85)
        axes.bar([1], shares[:1], color=COLOURS[1], width=0.85)
        said = f"once: {percent(shown.once)}"
        axes.text(
            0.5, 0.96, said, transform=axes.transAxes, ha="center", va="top", color=COLOURS[1]
        )
        axes.set_xticks([1, 5, 10, 15, 20, 25, CLIP + 1], ["1", "5", "10", "15", "20", "25", ">30"])
        axes.set_xlabel(f"{shown.thing}s")
        axes.set_ylabel(f"share of {shown.holder}s")
        axes.grid(visible=False, axis="x")
        axes.margins(x=0.01, y=0.14)
        percents(axes)
        return {shown.key: figure_of(axes)}


@draw.register(Tail)
def _(shown: Tail) -> Figures:
    rank = np.arange(1, len(shown.rows) + 1)
    some = np.unique(np.geomspace(1, len(rank), 400).astype(int)) - 1
    with panel("Rows of the item of each rank") as axes:
        axes.loglog(rank[some], shown.rows[some], color=COLOURS[0], marker="o", markersize=2.5)
        axes.set_xlabel("rank of the item")
        axes.set_ylabel("rows")
        ticks(axes, x=compact)
        axes.minorticks_off()
        first = figure_of(axes)
    share = np.concatenate([[0.0], np.cumsum(shown.rows) / shown.rows.sum()])
    with panel("Share of the rows that the first items have") as axes:
        across = np.linspace(0, 1, len(share))
        axes.plot(across, share, color=COLOURS[0])
        axes.plot([0, 1], [0, 1], color="#8a949e", linestyle=":", linewidth=1)
        half = shown.half / len(shown.rows)
        axes.plot([half], [0.5], marker="o", color=COLOURS[1])
        axes.annotate(
            f"half: {percent(half)} of items",
            (half, 0.5),
            xytext=(8, -10),
            textcoords="offset points",
            color=COLOURS[1],
            fontsize=10,
        )
        axes.set_xlabel("share of the items, most popular first")
        axes.set_ylabel("share of the rows")
        percents(axes)
        percents(axes, "x")
        return {"long_tail_ranks": first, "long_tail_share": figure_of(axes)}


@draw.register(Repeats)
def _(shown: Repeats) -> Figures:
    names = [*map(str, range(1, MANY + 1)), f">{MANY}"]
    with panel("Rows of one pair of user and item") as axes:
        at = np.arange(len(names))
        for shift, shares, label, colour in (
            (-0.2, shown.shares[0], "of the pairs", COLOURS[0]),
            (0.2, shown.shares[1], "of the rows", COLOURS[4]),
        ):
            axes.bar(at + shift, shares, width=0.4, color=colour, label=label)
        axes.set_xticks(at, names)
        axes.set_xlabel("rows of the pair")
        axes.set_ylabel("share")
        axes.grid(visible=False, axis="x")
        axes.margins(x=0.02)
        axes.legend(fontsize=10)
        percents(axes)
        return {"repeats": figure_of(axes)}


@draw.register(Events)
def _(shown: Events) -> Figures:
    table = shown.table.iloc[:12]
    weighed = (table["rows"] * table["strength"]).to_numpy(dtype=np.float64)
    parts = [("share of rows", (table["rows"] / shown.table["rows"].sum()).to_numpy())]
    if np.isfinite(weighed).all() and weighed.sum() > 0:
        parts.append(("share of strength", weighed / weighed.sum()))
    with panel("Event types", height=1.2 + 0.45 * len(table)) as axes:
        at, size = np.arange(len(table)), 0.8 / len(parts)
        for number, (label, shares) in enumerate(parts):
            where = at + (number - (len(parts) - 1) / 2) * size
            colour = COLOURS[(0, 4)[number]]
            drawn = axes.barh(where, shares, height=size, color=colour, label=label)
            axes.bar_label(drawn, [percent(s) for s in shares], padding=3, fontsize=9)
        names = [drawable(str(e))[:24] for e in table["event"]]
        axes.set_yticks(at, names)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.margins(x=0.22)
        percents(axes, "x")
        axes.legend(fontsize=10, loc="lower right")
        return {"events": figure_of(axes)}


@draw.register(Weights)
def _(shown: Weights) -> Figures:
    shares = shown.rows / shown.rows.sum()
    with panel("Weights") as axes:
        if len(shown.values) <= 12 and shown.distinct <= MOST:  # noqa: PLR2004
            bars(axes, [f"{v:g}" for v in shown.values], shares)
        else:
            gaps = np.diff(shown.values)
            axes.bar(shown.values, shares, width=0.9 * (gaps.min() if len(gaps) else 1.0))
        axes.set_xlabel("weight")
        axes.set_ylabel("share of rows")
        percents(axes)
        return {"weights": figure_of(axes)}
