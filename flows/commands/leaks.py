"""`onstage leaks`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.options import answer, config_argument, json_option


if TYPE_CHECKING:
    from onstage.evaluation.leaks.finding import Finding
    from onstage.evaluation.leaks.report import LeakReport

OF_A_MODEL = ("fitted", "future")
"""Checks of each model; the others are of the split, and the same for all models."""


@click.command(name="leaks")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Print what the leak lint looked at for the newest leaderboard of CONFIG's data set.

    One line a check: those of a split once, those of a model for each model. `onstage backtest` and
    `onstage retrain` run the lint, and end with status 1 if it finds a leak. docs/leaks.md says
    what each check can and cannot see.
    """
    from onstage.pipeline.leaks import leaks_line, read_leaks
    from onstage.pipeline.ranking import newest_board
    from onstage.pipeline.workspace import Workspace

    workspace = Workspace.open(config)
    board = newest_board(workspace)
    reports = read_leaks(workspace, board)
    text = "\n".join([*_lines(reports), "", leaks_line(workspace, board)])
    value = {model: report.model_dump(mode="json") for model, report in reports.items()}
    answer(value, text, as_json=as_json)


def _lines(reports: "dict[str, LeakReport]") -> Iterator[str]:
    for number, (model, report) in enumerate(reports.items()):
        for protocol, findings in report.findings.items():
            for found in findings:
                if found.check in OF_A_MODEL:
                    yield _line(f"{protocol}, {model}", found)
                elif number == 0:
                    yield _line(protocol, found)


def _line(what: str, found: "Finding") -> str:
    counted = ", ".join(f"{value:,} {name}" for name, value in found.numbers.items())
    return f"{what}, {found.check} ({found.part}): {found.leaks} leaks; {counted}"
