"""`onstage backtest`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="backtest")
@config_argument
@json_option
def command(config: Path, *, as_json: bool) -> None:
    """Examine every recipe of CONFIG, tuned and fixed, on the same test events.

    Does everything up to the leaderboard; registers and promotes nothing. Every model passes the
    leak lint first (docs/leaks.md): a model that knows what it is asked ends the command with
    status 1.
    """
    from flows.running import orchestrated
    from onstage.pipeline.leaks import leaks_line
    from onstage.pipeline.ranking import primary_rows, read_rows
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.tables import leaderboard_records, leaderboard_text

    with orchestrated(config):
        from flows.backtest import backtest

        made = backtest(str(config))
    workspace = Workspace.open(config)
    rows = read_rows(workspace, made)
    first = rows.merge(primary_rows(rows, workspace)[["protocol", "group"]].drop_duplicates())
    text = leaderboard_text(first, primary=workspace.mlflow.promotion.metric)
    line = leaks_line(workspace, made)
    answer(leaderboard_records(rows), f"{text}\n{line}", as_json=as_json)
