"""Why timing matters: figures, each with a sentence computed from its numbers; one offline page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.clock import Clock
from onstage.reporting import timing_plots as plots
from onstage.reporting.figures import save_png, style, svg_uri
from onstage.reporting.jinja import templates


PAGE: Final = "timing.html"
FIGURES: Final = "figures"
A_DAY_LATER: Final = (20, 28)
"""Hours."""
WEEK: Final = 168
"""Hours."""
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TITLES: Final = {
    "live": "Who is live changes by the hour",
    "offline": "Whom models recommend when nobody asks who is live",
    "scores": "What knowing who is live is worth",
    "gaps": "When viewers come back",
    "week": "The week of streamers and of viewers",
}


@dataclass(frozen=True, eq=False)
class Timing:
    """What the report says.

    Attributes
    ----------
    live
        See :func:`onstage.features.rhythm.live_by_hour`.
    n_items
        Size of the catalogue.
    models
        ``model, offline, aware, blind, n`` (:class:`onstage.evaluation.timing.Blindness`), in the
        order of the leaderboard.
    gaps
        Hours between a viewer's visits of one streamer.
    streamers, viewers
        Live streamers and started views at each hour of the week, shape (7, 24).
    """

    name: str
    protocol: str
    clock: Clock
    live: pd.DataFrame
    n_items: int
    models: pd.DataFrame
    gaps: NDArray[np.float64]
    streamers: NDArray[np.float64]
    viewers: NDArray[np.float64]

    @property
    def days(self) -> tuple[str, ...]:
        """Names of the rows of the week."""
        if self.clock.kind == "utc":
            return DAYS
        return tuple(f"day {number}" for number in range(1, 8))

    @property
    def zone(self) -> str:
        """What the hours are hours of."""
        if self.clock.kind == "utc":
            return "Hours are UTC."
        return "The log counts steps: hours and days are counted from its step 0."


def sentences(timing: Timing) -> dict[str, str]:
    """One sentence a figure, by the figure's name."""
    return {
        "live": _live(timing),
        "offline": _offline(timing),
        "scores": _scores(timing),
        "gaps": _gaps(timing),
        "week": _week(timing),
    }


def render_timing(timing: Timing, folder: Path) -> dict[str, Any]:
    """Write ``timing.html`` and ``figures/*.png`` into `folder`.

    Returns
    -------
    dict
        The sentences and the numbers behind them. The same timing gives the same bytes.
    """
    (folder / FIGURES).mkdir(exist_ok=True)
    figures = {
        "live": plots.live_plot(timing.live),
        "offline": plots.offline_plot(timing.models),
        "scores": plots.score_plot(timing.models),
        "gaps": plots.gap_plot(timing.gaps),
        "week": plots.week_plot(timing.streamers, timing.viewers, timing.days),
    }
    said, uris = sentences(timing), {}
    with style():
        for name, figure in figures.items():
            figure.draw_without_rendering()  # lays out once for both files
            figure.set_layout_engine("none")
            save_png(figure, folder / FIGURES / f"{name}.png")
            uris[name] = svg_uri(figure)
    page = (
        templates()
        .get_template("timing.html")
        .render(
            timing=timing,
            said=said,
            uris=uris,
            rows=timing.models.to_dict("records"),
            titles=TITLES,
        )
    )
    (folder / PAGE).write_text(page, encoding="utf-8")
    return {"sentences": said, "models": timing.models.to_dict("records")}


def _live(timing: Timing) -> str:
    table = timing.live
    most, least = _extremes(table, "value")
    mean = float(np.average(table["value"], weights=table["n"]))
    times = f", {most['value'] / least['value']:.1f} times as many" if least["value"] else ""
    return (
        f"On average {mean:,.0f} of {timing.n_items:,} streamers are live, so at any instant "
        f"{1 - mean / timing.n_items:.0%} of the catalogue cannot be recommended; it is fewest at "
        f"{int(least['hour']):02d} h ({least['value']:,.0f}) and most at "
        f"{int(most['hour']):02d} h ({most['value']:,.0f}{times})."
    )


def _offline(timing: Timing) -> str:
    most, least = _extremes(timing.models, "offline")
    lead = timing.models.to_dict("records")[0]
    return (
        f"Asked for 10 of the whole catalogue at {lead['n']:,} events, {lead['model']}, first on "
        f"the leaderboard, recommends {lead['offline']:.0%} who are not live; from "
        f"{least['offline']:.0%} ({least['model']}) to {most['offline']:.0%} ({most['model']}) "
        "over all models."
    )


def _scores(timing: Timing) -> str:
    table = timing.models
    lead = table.to_dict("records")[0]
    better = int((table["aware"] > table["blind"]).sum())
    times = f" ({lead['aware'] / lead['blind']:.1f} times)" if lead["blind"] > 0 else ""
    return (
        f"Ranked among the live only, {lead['model']} reaches NDCG@10 {lead['aware']:.3f} instead "
        f"of {lead['blind']:.3f}{times}; {better} of {len(table)} models score higher with "
        "availability than without."
    )


def _gaps(timing: Timing) -> str:
    hours = timing.gaps
    if len(hours) == 0:
        return "No viewer ever came back to a streamer."
    low, high = A_DAY_LATER
    day = ((hours >= low) & (hours <= high)).mean()
    return (
        f"Half of {len(hours):,} returns to a streamer come within {np.median(hours):,.1f} hours; "
        f"{(hours < 1).mean():.0%} within an hour, {day:.0%} a day later ({low} to {high} hours) "
        f"and {(hours > WEEK).mean():.0%} after more than a week."
    )


def _week(timing: Timing) -> str:
    when = []
    for table in (timing.streamers, timing.viewers):
        day, hour = divmod(int(np.nanargmax(table)), table.shape[1])
        when.append(f"{timing.days[day]}, {hour:02d} h ({np.nanmax(table):,.0f}")
    both = np.isfinite(timing.streamers) & np.isfinite(timing.viewers)
    one, other = timing.streamers[both], timing.viewers[both]
    flat = min(float(np.std(one)), float(np.std(other))) == 0
    same = "" if flat else f"; over the week they correlate by {np.corrcoef(one, other)[0, 1]:.2f}"
    return f"Most streamers are live on {when[0]}), most viewers start on {when[1]} an hour){same}."


def _extremes(table: pd.DataFrame, column: str) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The rows with the largest and with the smallest value, the first of equals."""
    rows = table.to_dict("records")
    return max(rows, key=lambda row: row[column]), min(rows, key=lambda row: row[column])
