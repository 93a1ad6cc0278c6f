"""`onstage for-user`."""

from pathlib import Path

import click

from flows.commands.asking import k_option, model_option, shown
from flows.commands.options import answer, config_argument, json_option


@click.command(name="for-user")
@config_argument
@click.argument("user")
@model_option
@k_option
@click.option("--only-new", is_flag=True, help="Leave out what the user had before.")
@click.option("--scaled", is_flag=True, help="Scale scores: worst live item 0, best 1.")
@json_option
def command(  # one argument an option
    config: Path,
    user: str,
    model: str | None,
    k: int,
    *,
    only_new: bool,
    scaled: bool,
    as_json: bool,
) -> None:
    """Show what is recommended to USER by title, beside what the user liked most and least.

    Liked is measured by the sum of weights. A user nobody knows gets what is popular, and it is
    said. An id that begins with a dash stands after `--`. Lists of all users: `onstage recommend`.

    \b
    Example:  onstage for-user configs/movielens.yaml 95 --model als --only-new --scaled
    """
    from onstage.pipeline.asking import suggested
    from onstage.reporting.answers import suggested_text

    with shown(config, model, as_json=as_json) as desk:
        value = suggested(desk, user, k, scaled=scaled, only_new=only_new)
        answer(value, suggested_text(value), as_json=as_json)
