"""`onstage similar`."""

from pathlib import Path

import click

from flows.commands.asking import k_option, model_option, shown
from flows.commands.options import answer, config_argument, json_option


@click.command(name="similar")
@config_argument
@click.argument("item", metavar="TITLE")
@model_option
@k_option
@json_option
def command(config: Path, item: str, model: str | None, k: int, *, as_json: bool) -> None:
    """Say what is like TITLE: a title, roughly, or an item's id.

    A title that nothing or several things are called is not guessed: the nearest are shown with
    their likeness (100 is the same), and the exit status is 1. Of als and bpr similarity is the
    cosine of the items' vectors. The champion answers by default.

    \b
    Example:  onstage similar configs/movielens.yaml "forrest gump" --model als
    """
    from onstage.pipeline.asking import similar
    from onstage.reporting.answers import similar_text

    with shown(config, model, as_json=as_json) as desk:
        value = similar(desk, item, k)
        answer(value, similar_text(value), as_json=as_json)
