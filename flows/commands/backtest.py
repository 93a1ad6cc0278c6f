"""`onstage backtest`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.options import answer, config_argument, json_option


if TYPE_CHECKING:
    from onstage.data.store import Reference
    from onstage.pipeline.workspace import Workspace


@click.command(name="backtest")
@config_argument
@click.option(
    "--origins",
    type=click.IntRange(min=2),
    help="Rolling backtest: the newest test part and those before it, so many in all.",
)
@json_option
def command(config: Path, origins: int | None, *, as_json: bool) -> None:
    """Examine every recipe of CONFIG, tuned and fixed, on the same test events.

    Does everything up to the leaderboard; registers and promotes nothing. Every model passes the
    leak lint first (docs/leaks.md): a model that knows what it is asked ends the command with
    status 1.

    With --origins the test part is moved back by whole parts. At each origin the log is what it was
    then: models are tuned and fitted on what was before the part that they are asked about. Prints
    each origin's value, the mean and the spread, and draws a page (docs/operations.md).
    """
    from flows.running import orchestrated
    from onstage.pipeline.leaks import leaks_line
    from onstage.pipeline.ranking import primary_rows, read_rows
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.tables import leaderboard_records, leaderboard_text

    with orchestrated(config):
        from flows.backtest import backtest

        made = backtest(str(config), origins=origins or 1)
    workspace = Workspace.open(config)
    if origins is not None:
        _rolling(workspace, made, as_json=as_json)
        return
    rows = read_rows(workspace, made)
    first = rows.merge(primary_rows(rows, workspace)[["protocol", "group"]].drop_duplicates())
    text = leaderboard_text(first, primary=workspace.mlflow.promotion.metric)
    line = leaks_line(workspace, made)
    answer(leaderboard_records(rows), f"{text}\n{line}", as_json=as_json)


def _rolling(workspace: "Workspace", made: "Reference", *, as_json: bool) -> None:
    """Say what came of several origins."""
    from onstage.pipeline.rolling import FOLIO, text_of

    facts = FOLIO.facts(workspace, made)
    page, figures = FOLIO.path(workspace), workspace.store.path(made, FOLIO.figures)
    lines = [text_of(facts), "", f"page      {page}", f"figures   {figures}"]
    answer({"page": str(page), "figures": str(figures), **facts}, "\n".join(lines), as_json=as_json)
