"""`onstage leaderboard`."""

from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option
from onstage.columns import Columns
from onstage.errors import ConfigError


@click.command(name="leaderboard")
@config_argument
@click.option("--protocol", help="This one, e.g. live-C, or `all`.  [default: the primary one]")
@click.option("--group", help="all, repeat, unseen, viewers:1 …  [default: all]")
@json_option
def command(config: Path, protocol: str | None, group: str | None, *, as_json: bool) -> None:
    """Print the newest leaderboard of CONFIG's data set.

    --json prints every protocol and group (or those asked for) and every metric as a list of
    objects with the keys model, protocol, group, metric, value, low, high (95 % interval over
    users) and n (events).
    """
    from onstage.pipeline.ranking import newest
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.tables import leaderboard_records, leaderboard_text

    workspace = Workspace.open(config)
    rows = newest(workspace)
    shown = protocol or workspace.config.primary.name
    chosen = rows if shown == "all" else rows[rows[Columns.PROTOCOL] == shown]
    chosen = chosen[chosen[Columns.GROUP] == (group or "all")]
    if chosen.empty:
        known = sorted(set(zip(rows[Columns.PROTOCOL], rows[Columns.GROUP], strict=True)))
        message = f"no rows for protocol {shown!r} and group {group!r}; there are {known}"
        raise ConfigError(message)
    text = leaderboard_text(chosen, primary=workspace.mlflow.promotion.metric)
    asked = rows if protocol is None and group is None else chosen
    answer(leaderboard_records(asked), text, as_json=as_json)
