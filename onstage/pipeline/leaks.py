"""The leak lint as a part of every backtest, and how its results are read."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from onstage.config import PipelineConfig
from onstage.data.store import Reference
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.lint import lint_model
from onstage.evaluation.leaks.report import LeakReport, line
from onstage.models.base import Recommender
from onstage.pipeline.exams import Log
from onstage.pipeline.workspace import Workspace
from onstage.splitting.protocol import Protocol


LEAKS: Final = "leaks.json"
"""In the artefact of a backtest: one report. In that of a leaderboard: model to report."""

_ALL: Final = TypeAdapter(dict[str, LeakReport])


def linted(log: Log, protocol: Protocol, model: Recommender[Any], name: str) -> tuple[Finding, ...]:
    """Every check of one model under one protocol.

    Raises
    ------
    LeakError
        If one fails.
    """
    findings = (
        *log.lint(protocol),
        *lint_model(model, log.exam(protocol).test, log.dataset, log.availability),
    )
    report_of([protocol], {protocol.name: findings}).raise_if_leaking(name)
    return findings


def report_of(
    protocols: Iterable[Protocol], findings: Mapping[str, tuple[Finding, ...]]
) -> LeakReport:
    """Findings by protocol, and how each splits."""
    return LeakReport(split={p.name: p.split for p in protocols}, findings=dict(findings))


def read_leaks(workspace: Workspace, board: Reference) -> dict[str, LeakReport]:
    """What the lint found for every model of a leaderboard, by the model's name.

    Empty for a leaderboard that an earlier release made.
    """
    path = workspace.store.path(board, LEAKS)
    return _ALL.validate_json(path.read_bytes()) if path.exists() else {}


def leaks_line(workspace: Workspace, board: Reference) -> str:
    """One line about all models of a leaderboard (:func:`onstage.evaluation.leaks.report.line`)."""
    return line(list(read_leaks(workspace, board).values()))


def gather(workspace: Workspace, backtests: Mapping[str, Reference], folder: Path) -> None:
    """Write the reports of all models into one file."""
    reports = {
        name: json.loads(workspace.store.path(made, LEAKS).read_text())
        for name, made in backtests.items()
    }
    (folder / LEAKS).write_text(json.dumps(reports, indent=1))


def split_of(config: PipelineConfig) -> dict[str, str]:
    """How runs are stamped: ``onstage.split`` of the primary protocol, and of each one."""
    each = {f"onstage.split.{p.name}": p.split for p in config.protocols}
    return {"onstage.split": config.primary.split, **each}
