"""One report as one HTML file that needs nothing else: no network, no other file."""

import base64
import hashlib
import logging
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd

from onstage.columns import Columns
from onstage.evaluation.occasions import HOUR as HOUR_OF_DAY
from onstage.evaluation.occasions import SINCE
from onstage.files import replacing
from onstage.reporting import formats
from onstage.reporting.boards import Board, boards
from onstage.reporting.cluster_plots import space_plot
from onstage.reporting.cost_plots import cost_plot
from onstage.reporting.curve_plots import curve_plot, curve_sentence
from onstage.reporting.figures import png_uri, svg_uri
from onstage.reporting.headline import headline, lead
from onstage.reporting.jinja import templates
from onstage.reporting.occasions import occasion_table
from onstage.reporting.plots import elbow_plot, hour_plot, profile_plot
from onstage.reporting.report import COSTS, HOURS, Report
from onstage.reporting.sweep_plots import history_plot, history_sentence
from onstage.reporting.tables import Cell


logger = logging.getLogger(__name__)

SAFE_LINK: Final = re.compile(r"(?:https?|file)://\S+|(?!//)[^\s:]+")
"""Web, file and relative addresses. Nothing that runs, such as ``javascript:``."""

AXES: Final = {
    "fit_seconds": "time to fit once",
    "latency_ms": "time of a request (median)",
    "event_ms": "time of an event, in blocks",
    "size_bytes": "size of the saved arrays",
}
"""Costs that are drawn, and what their axis is called; ``event_ms`` only without a latency."""


def render_report(report: Report, path: Path) -> Path:
    """Write `report` as one self-contained HTML page.

    Parameters
    ----------
    report
        Parts that are missing are left out with a note.
    path
        Replaced in one step: a killed process leaves the old page or the new one.

    Returns
    -------
    pathlib.Path
        `path`. The same report gives the same bytes.

    Raises
    ------
    ContractError
        A table has another shape, or the leaderboard lacks the primary metric.
    """
    page = report_html(report).encode("utf-8", errors="replace")
    with replacing(path, "free space or choose another folder") as draft:
        draft.write_bytes(page)
    logger.info("report %s: %d KiB", path, len(page) // 1024)
    return path


def report_html(report: Report) -> str:
    """Make the page as text. Every value is escaped; see :func:`render_report`.

    The one script is the page's own, and the page allows no other: its digest stands in the head.
    """
    environment = templates()
    environment.filters.update(
        count=formats.count,
        duration=formats.duration,
        milliseconds=formats.milliseconds,
        number=formats.number,
        probability=formats.probability,
        short=formats.short,
        signed=formats.signed,
        size=formats.size,
        words=formats.words,
    )
    environment.tests["linkable"] = linkable
    script = (files("onstage.reporting") / "templates" / "report.js").read_text("utf-8")
    made = boards(report)
    bills = _bills(report, made)
    return environment.get_template("report.html").render(
        report=report,
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        told="" if report.promotion is None else headline(report.promotion),
        leads=[lead(report, board) for board in made],
        boards=made,
        curves=_curves(report),
        sweeps=[(sweep, _history(sweep.history)) for sweep in report.sweeps],
        clusters=_clusters(report),
        hours=_hours(report),
        occasions=_occasions(report),
        costs=_costs(report.primary, bills),
        bills=bills,
    )


def linkable(address: str) -> bool:
    """Tell whether an address may become a link."""
    return SAFE_LINK.fullmatch(address) is not None


def _curves(report: Report) -> list[tuple[str, str]]:
    """Address and sentence of the drawing of every model that learned in epochs."""
    known = {
        model: {name: line for name, line in curves.items() if line}
        for model, curves in report.curves.items()
    }
    return [
        (svg_uri(curve_plot(model, curves)), curve_sentence(model, curves))
        for model, curves in known.items()
        if curves
    ]


def _history(trials: pd.DataFrame | None) -> tuple[str, str] | None:
    """Address and sentence of the drawing of a sweep; None where there is no trial to draw."""
    if trials is None or not trials[Columns.VALUE].notna().any():
        return None
    return svg_uri(history_plot(trials)), history_sentence(trials)


def _bills(report: Report, made: list[Board]) -> list[dict[str, Any]]:
    """One line a model: its costs, in the order of the leaderboard, and how good it is."""
    if report.costs is None:
        return []
    columns = [*COSTS.required, *COSTS.optional]
    table = COSTS.check(report.costs).reindex(columns=columns)
    value = {line.model: line.cells[0] for board in made[:1] for line in board.first.lines}
    places = {model: place for place, model in enumerate(value)}
    bills = [
        {str(k): v for k, v in row.items()} | {"quality": value.get(str(row["model"]), Cell())}
        for row in table.to_dict("records")
    ]
    return sorted(bills, key=lambda bill: places.get(str(bill["model"]), len(places)))


def _costs(primary: str, bills: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Address and description of quality over every cost that was measured."""
    table = pd.DataFrame(bills)
    if table.empty:
        return []
    table[Columns.VALUE] = [cell.value for cell in table["quality"]]
    shown = [name for name in AXES if name != "event_ms" or table["latency_ms"].isna().all()]
    drawn = []
    for cost in shown:
        known = table[(table[cost] > 0) & table[Columns.VALUE].notna()]
        if known.empty:
            continue
        what = f"{formats.words(primary)} over {AXES[cost]}, one dot a model"
        figure = cost_plot(known, cost, AXES[cost], metric=primary)
        drawn.append((svg_uri(figure), f"{what}; the same numbers as in the table."))
    return drawn


def _clusters(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "what": what,
            "made": made,
            "profile": made.profile.reset_index().to_dict("records"),
            "features": [str(c) for c in made.profile.columns if c not in {"size", "share"}],
            "words": made.sentences().to_dict(),
            "means": made.means.reset_index().to_dict("records"),
            "spaces": made.spaces.reset_index().to_dict("records"),
            "agreement": made.agreement.reset_index().to_dict("records"),
            "changes": made.changes.reset_index().to_dict("records"),
            "space": png_uri(space_plot(made, what)),
            "elbow": svg_uri(elbow_plot(made, what)),
            "heat": svg_uri(profile_plot(made, what)),
        }
        for what, made in report.clusters.items()
    ]


def _hours(report: Report) -> str | None:
    if report.hours is None or report.hours.empty:
        return None
    return svg_uri(hour_plot(HOURS.check(report.hours), metric=report.primary))


def _occasions(report: Report) -> list[tuple[str, list[tuple[str, pd.DataFrame]]]]:
    """By protocol, caption and table of every kind of occasion."""
    if report.occasions is None or report.occasions.empty:
        return []
    rows, metric = report.occasions, report.primary
    if not (rows[Columns.METRIC] == metric).any():
        return []
    captions = {
        SINCE: "time since the user last watched the target",
        HOUR_OF_DAY: "hour of the day",
    }
    return [
        (
            str(protocol),
            [
                (caption, occasion_table(rows, str(protocol), what, metric=metric))
                for what, caption in captions.items()
            ],
        )
        for protocol in rows[Columns.PROTOCOL].unique()
    ]
