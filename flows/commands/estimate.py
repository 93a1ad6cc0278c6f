"""`onstage estimate`."""

from dataclasses import asdict
from pathlib import Path

import click

from flows.commands.options import answer, config_argument, json_option


@click.command(name="estimate")
@config_argument
@click.argument("user")
@click.argument("item")
@json_option
def command(config: Path, user: str, item: str, *, as_json: bool) -> None:
    """Say how long USER would watch ITEM, or how they would rate it, and what that rests on.

    Asks the model of the newest `onstage sweep-ratings`. Where the target is a logarithm, its
    exponential is a median: half watch longer. The mean is given besides, by Duan's smearing. Users
    and items nobody knows get what is known without them, and it is said. An id that begins with a
    dash stands after `--`.

    \b
    Example:  onstage estimate configs/movielens.yaml 15 318
    """
    from onstage.pipeline.ratings.estimating import estimated
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.ratings import estimate_text

    made = estimated(Workspace.open(config), user, item)
    known = {"known_user": made.known_user, "known_item": made.known_item}
    value = {"user": user, "item": item, **asdict(made), **known}
    answer(value, estimate_text(value), as_json=as_json)
