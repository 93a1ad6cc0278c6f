"""Arguments and outputs that several commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click


Command = TypeVar("Command", bound=Callable[..., Any])

config_argument = click.argument(
    "config", type=click.Path(path_type=Path, dir_okay=False), metavar="CONFIG"
)
"""The configuration file, e.g. ``configs/deskdrop.yaml``."""

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else there."
)


def answer(value: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401  # anything JSON holds
    """Print a command's answer on stdout, for a program or for a person."""
    click.echo(json.dumps(value, indent=1, default=str) if as_json else text)
