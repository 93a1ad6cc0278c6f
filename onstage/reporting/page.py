"""One report as one HTML file that needs nothing else: no network, no script, no other file."""

import base64
import logging
import math
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from onstage.columns import Columns
from onstage.evaluation.occasions import HOUR as HOUR_OF_DAY
from onstage.evaluation.occasions import SINCE
from onstage.evaluation.slices import VIEWERS, is_slice
from onstage.reporting.cluster_plots import space_plot
from onstage.reporting.figures import png_uri, svg_uri
from onstage.reporting.occasions import occasion_table
from onstage.reporting.plots import elbow_plot, forest_plot, hour_plot, profile_plot
from onstage.reporting.report import COSTS, GAINS, HOURS, Report, SweepSummary
from onstage.reporting.tables import LEADERBOARD, Cell, Standings, standings


logger = logging.getLogger(__name__)

SAFE_LINK: Final = re.compile(r"(?:https?|file)://\S+|(?!//)[^\s:]+")
"""Web, file and relative addresses. Nothing that runs, such as ``javascript:``."""

MINUTE: Final = 60
HOUR: Final = 3600
THOUSAND: Final = 1_000
MANY: Final = 1e15


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
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(page)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    logger.info("report %s: %d KiB", path, len(page) // 1024)
    return path


def report_html(report: Report) -> str:
    """Make the page as text. Every value is escaped; see :func:`render_report`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("onstage.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=_count, duration=_duration, number=_number, words=_words, short=_short
    )
    environment.tests["linkable"] = linkable
    return environment.get_template("report.html").render(
        report=report,
        boards=_boards(report),
        sweeps=[(sweep, _images(sweep)) for sweep in report.sweeps],
        gains=_gains(report),
        clusters=_clusters(report),
        hours=_hours(report),
        occasions=_occasions(report),
        costs=[] if report.costs is None else COSTS.check(report.costs).to_dict("records"),
    )


def linkable(address: str) -> bool:
    """Tell whether an address may become a link."""
    return SAFE_LINK.fullmatch(address) is not None


def _boards(report: Report) -> list[dict[str, Any]]:
    """Per protocol: its tables and its forest plot."""
    if report.leaderboard is None or report.leaderboard.empty:
        return []
    LEADERBOARD.check(report.leaderboard)
    sliced = report.leaderboard[Columns.GROUP].astype(str).map(is_slice).astype(bool)
    rows = report.leaderboard[~sliced]
    kinds = standings(report.leaderboard[sliced], metrics=(), primary=report.primary)
    tables = standings(rows, metrics=report.metrics, primary=report.primary)
    boards = []
    for protocol in dict.fromkeys(table.protocol for table in tables):
        part = rows[rows[Columns.PROTOCOL] == protocol]
        drawn = bool((part[Columns.METRIC] == report.primary).any())
        plot = svg_uri(forest_plot(part, protocol, metric=report.primary)) if drawn else None
        own = [table for table in tables if table.protocol == protocol]
        mine = [table for table in kinds if table.protocol == protocol]
        slices = {"table": _by_viewer(mine, own), "names": _names(report, protocol)}
        boards.append({"protocol": protocol, "tables": own, "plot": plot, "slices": slices})
    return boards


def _by_viewer(kinds: list[Standings], own: list[Standings]) -> dict[str, Any] | None:
    """The primary metric of every model for every kind of viewer, models as on the leaderboard."""
    if not kinds:
        return None
    cells = {(table.group, model): row[0] for table in kinds for model, row in table.rows}
    models = [model for model, _ in own[0].rows]
    return {
        "heads": [(table.group, table.n) for table in kinds],
        "rows": [(m, [cells.get((t.group, m), Cell()) for t in kinds]) for m in models],
    }


def _names(report: Report, protocol: str) -> dict[str, str]:
    if protocol not in report.slices:
        return {}
    sentences = report.slices[protocol].sentences()
    return {f"{VIEWERS}:{number}": str(text) for number, text in sentences.items()}


def _gains(report: Report) -> list[tuple[str, Cell, int]]:
    if report.promotion is None or report.promotion.gains is None:
        return []
    return [
        (str(g["opponent"]), Cell(g["value"], g["low"], g["high"]), int(g["n"]))
        for g in GAINS.check(report.promotion.gains).to_dict("records")
    ]


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


def _occasions(report: Report) -> list[tuple[str, str, pd.DataFrame]]:
    """Protocol, caption and table of every kind of occasion."""
    if report.occasions is None or report.occasions.empty:
        return []
    captions = {
        SINCE: "time since the user last watched the target",
        HOUR_OF_DAY: "hour of the day",
    }
    return [
        (str(protocol), caption, occasion_table(report.occasions, str(protocol), what))
        for protocol in report.occasions[Columns.PROTOCOL].unique()
        for what, caption in captions.items()
    ]


def _images(sweep: SweepSummary) -> list[dict[str, str | None]]:
    """Name and ``data:`` address of each plot; no address where the file cannot be read."""
    images: list[dict[str, str | None]] = []
    for path in sweep.plots:
        try:
            uri = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
        except OSError as error:
            logger.warning("plot %s is left out of the report: %s", path, error.strerror)
            images.append({"name": path.name, "uri": None})
        else:
            images.append({"name": path.stem, "uri": uri})
    return images


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _number(value: Any) -> str:  # noqa: ANN401  # whatever a configuration holds
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_number(v)}" for k, v in value.items())
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if THOUSAND <= abs(value) < MANY else f"{value:.4g}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= THOUSAND else f"{value:.3g}"


def _duration(seconds: float | None) -> str:
    """Write a duration as a person says it."""
    if seconds is None or math.isnan(seconds):
        return "-"
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min"


def _words(name: str) -> str:
    """Write a column's or a metric's name as words: ``ndcg_at_10`` is ``ndcg@10``."""
    return name.replace("_at_", "@").replace("_", " ")
