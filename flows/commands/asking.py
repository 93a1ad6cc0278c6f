"""What the commands share that ask one model about one item or one user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.options import answer


if TYPE_CHECKING:
    from onstage.pipeline.asking import Desk


model_option = click.option(
    "--model",
    help="champion, a recipe of CONFIG, an algorithm, or a recipe as JSON.  [default: champion; "
    "als before anything is registered]",
)

k_option = click.option("--k", type=click.IntRange(min=1), default=10, show_default=True)
"""How many; fewer where there are fewer."""


@contextmanager
def shown(config: Path, model: str | None, *, as_json: bool) -> Iterator[Desk]:
    """Whoever answers; titles that may be meant are printed before the error goes on."""
    from flows.current import current
    from onstage.data.titles import AmbiguousError
    from onstage.pipeline.asking import desk
    from onstage.pipeline.workspace import Workspace
    from onstage.reporting.answers import matches_text

    workspace = Workspace.open(config)
    try:
        yield desk(workspace, current(workspace), model)
    except AmbiguousError as error:
        matches = [asdict(one) for one in error.matches]
        if matches or as_json:
            answer({"matches": matches}, matches_text(error.matches), as_json=as_json)
        raise
