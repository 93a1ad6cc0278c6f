"""The leak lint as a part of every backtest, and how its results are read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from onstage.config import PipelineConfig
from onstage.data.store import Reference
from onstage.evaluation.leaks.finding import Finding
from onstage.evaluation.leaks.fitted import fitted
from onstage.evaluation.leaks.future import future
from onstage.evaluation.leaks.report import LeakReport, Split, line
from onstage.models.base import Recommender
from onstage.pipeline.exams import Log
from onstage.pipeline.workspace import Workspace
from onstage.splitting.protocol import Protocol


LEAKS: Final = "leaks.json"
"""In the artefact of a backtest: one report. In that of a leaderboard: model to report."""

SPLIT_TAG: Final = "onstage.split"
"""Tag of a run: ``random`` where its primary protocol is, which lets models see the future."""

_ALL: Final = TypeAdapter(dict[str, LeakReport])


class Lint:
    """The lint of one backtest: one model after the other, protocol by protocol.

    Parameters
    ----------
    log
        What is examined.
    name
        The recipe's, for the error.
    """

    def __init__(self, log: Log, name: str) -> None:
        self._log, self._name = log, name
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._split: dict[str, Split] = {}
        self._known: tuple[Recommender[Any], Finding] | None = None

    def look(self, protocol: Protocol, model: Recommender[Any]) -> None:
        """Check a fitted model under one protocol, the first time that it is examined by it.

        Afterwards the model observes the history of the protocol's test part.

        Raises
        ------
        LeakError
            If a check fails.
        """
        if protocol.name in self._findings:
            return
        log, exam = self._log, self._log.exam(protocol).test
        seen = future(model, exam, log.dataset)
        if self._known is None or self._known[0] is not model:  # else: fitted on the same rows
            self._known = model, fitted(model, exam, log.availability)
        self._split[protocol.name] = protocol.split
        self._findings[protocol.name] = (*log.lint(protocol), self._known[1], seen)
        self.report.raise_if_leaking(self._name)

    @property
    def report(self) -> LeakReport:
        """What was found so far."""
        return LeakReport(split=self._split, findings=self._findings)


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
    each = {f"{SPLIT_TAG}.{p.name}": p.split for p in config.protocols}
    return {SPLIT_TAG: config.primary.split, **each}
