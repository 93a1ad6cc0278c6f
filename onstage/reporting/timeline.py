"""Many nights of retraining on one page: what arrived, what drifted, who was champion, and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from onstage.reporting.figures import COLOURS, drawable, new_figure, save_png, style, svg_uri
from onstage.reporting.formats import words
from onstage.reporting.jinja import templates
from onstage.reporting.tables import text_table


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


PAGE: Final = "timeline.html"
FIGURE: Final = "timeline.png"
SHORT: Final = 60
"""Characters of a reason that a terminal is shown."""

Decision = Literal["first", "promoted", "refreshed", "kept", "refused"]


class Night(BaseModel):
    """One night: what had arrived, and what the retrain made of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    number: int
    """From 1."""
    story: tuple[str, ...] = ()
    """What was staged: a broken file, other tastes, a rollback in the morning before."""
    arrived: int
    """Rows of the files that had come since the night before."""
    accepted: int
    """Rows of the log that was accepted last."""
    drift: tuple[str, ...] = ()
    """What drifted, one line each."""
    before: str | None
    """Champion before the retrain: version and model."""
    after: str | None
    """Champion after it."""
    value: float | None = None
    """What the champion of before reached on the newest test part; None where it was not asked."""
    low: float | None = None
    high: float | None = None
    """Ends of its 95 % interval."""
    decision: Decision
    """``refused``: validation stopped the run before anything was trained."""
    reason: str
    """In one sentence."""
    seconds: float
    """Wall time of the retrain."""


def nights_text(nights: Sequence[Night]) -> str:
    """One line a night, for a terminal."""
    rows = [
        {
            "night": one.number,
            "arrived": f"{one.arrived:,}",
            "accepted": f"{one.accepted:,}",
            "drift": _names(one.drift),
            "champion": _champions(one),
            "value": _value(one),
            "decision": one.decision,
            "s": f"{one.seconds:.1f}",
            "reason": one.reason if len(one.reason) <= SHORT else f"{one.reason[:SHORT]}…",
        }
        for one in nights
    ]
    return text_table(pd.DataFrame(rows))


def render_timeline(nights: Sequence[Night], title: str, metric: str, folder: Path) -> Path:
    """Write ``timeline.html`` and ``timeline.png`` into `folder`; the page's path."""
    figure = timeline_plot(nights, metric)
    with style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        save_png(figure, folder / FIGURE)
    page = (
        templates()
        .get_template("timeline.html")
        .render(
            nights=[(one, _champions(one), _value(one)) for one in nights],
            title=title,
            what=words(metric),
            said=sentence(nights),
            uri=svg_uri(figure),
        )
    )
    (folder / PAGE).write_text(page, encoding="utf-8")
    return folder / PAGE


def sentence(nights: Sequence[Night]) -> str:
    """What happened in all, on one line."""
    counts = {
        word: sum(one.decision == word for one in nights)
        for word in ("first", "promoted", "refreshed", "kept", "refused")
    }
    said = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    drifts = [str(one.number) for one in nights if one.drift]
    drifted = f"drift in night {', '.join(drifts)}" if drifts else "no drift"
    total = sum(one.seconds for one in nights)
    return f"{len(nights)} nights in {total:.0f} s of retraining: {said}; {drifted}."


def timeline_plot(nights: Sequence[Night], metric: str) -> "Figure":
    """Draw the champion's value by night, and under it what happened."""
    with style():
        figure = new_figure(8.6, 4.8)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.25])
        known = [one for one in nights if one.value is not None]
        x = [one.number for one in known]
        value = pd.Series([one.value for one in known], dtype=float)
        low = pd.Series([one.low for one in known], dtype=float)
        high = pd.Series([one.high for one in known], dtype=float)
        above.errorbar(
            x, value, yerr=[value - low, high - value], color=COLOURS[0], marker="o", capsize=3,
            linewidth=1.5, elinewidth=1,
        )  # fmt: skip
        for one in known:
            label = str(one.before).partition(" ")[0]
            above.annotate(
                drawable(label), (one.number, float(one.high or 0)), (0, 4),
                textcoords="offset points", ha="center", fontsize=8, color="#555555",
            )  # fmt: skip
        above.set_ylabel(words(metric))
        above.set_title("The champion on each night's newest events, and what was decided")
        _marks(below, nights)
        below.set_xlim(0.4, len(nights) + 0.6)
        below.set_xticks([one.number for one in nights])
        below.set_xlabel("night")
    return figure


LANES: Final = (
    ("champion changed", COLOURS[2], "D"),
    ("refreshed or kept", "#999999", "o"),
    ("refused", COLOURS[1], "X"),
    ("drift", COLOURS[3], "^"),
    ("rolled back", COLOURS[4], "v"),
)


def _marks(axes: "Axes", nights: Sequence[Night]) -> None:
    chosen = (
        [one.number for one in nights if one.decision in {"first", "promoted"}],
        [one.number for one in nights if one.decision in {"refreshed", "kept"}],
        [one.number for one in nights if one.decision == "refused"],
        [one.number for one in nights if one.drift],
        [one.number for one in nights if any("rolled back" in told for told in one.story)],
    )
    for lane, ((_, colour, marker), numbers) in enumerate(zip(LANES, chosen, strict=True)):
        axes.plot(
            numbers, [lane] * len(numbers), linestyle="none", marker=marker, color=colour,
            markersize=8,
        )  # fmt: skip
    axes.set_yticks(range(len(LANES)), [name for name, _, _ in LANES], fontsize=9)
    axes.set_ylim(len(LANES) - 0.5, -0.5)


def _names(drift: Sequence[str]) -> str:
    names = [one.partition(":")[0].partition(" ")[0] for one in drift]
    return ", ".join(dict.fromkeys(names)) or "-"


def _champions(night: Night) -> str:
    before, after = night.before or "nobody", night.after or "nobody"
    return before if before == after else f"{before} to {after}"


def _value(night: Night) -> str:
    if night.value is None or night.low is None or night.high is None:
        return "-"
    return f"{night.value:.3f} [{night.low:.3f}, {night.high:.3f}]"
