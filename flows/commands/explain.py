"""`onstage explain`."""

from pathlib import Path

import click

from flows.commands.asking import k_option, model_option, shown
from flows.commands.options import answer, config_argument, json_option


@click.command(name="explain")
@config_argument
@click.argument("user")
@click.argument("item")
@model_option
@k_option
@json_option
def command(
    config: Path, user: str, item: str, model: str | None, k: int, *, as_json: bool
) -> None:
    """Say why ITEM is recommended to USER: what each of the user's own items adds to the score.

    ITEM is a title, roughly, or an id. The addends of als, ease and item_knn are exact: with the
    line "other items" they sum to the score. An id that begins with a dash stands after `--`.

    \b
    Example:  onstage explain configs/movielens.yaml 95 "abyss" --model als
    """
    from onstage.pipeline.asking import explained
    from onstage.reporting.answers import explained_text

    with shown(config, model, as_json=as_json) as desk:
        value = explained(desk, user, item, k)
        answer(value, explained_text(value), as_json=as_json)
