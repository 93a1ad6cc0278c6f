"""Arguments and outputs that several commands share."""

import json
import math
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


def reason_option(*, required: bool) -> Callable[[Command], Command]:
    """Why a person moves the champion: kept in the audit, so not empty."""
    return click.option(
        "--reason",
        required=required,
        callback=_said,
        metavar="TEXT",
        help="Why, for the audit.",
    )


def _said(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        message = "it is kept in the audit: say why in a few words"
        raise click.BadParameter(message, context, option)
    return value


def answer(value: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401  # anything JSON holds
    """Print a command's answer on stdout, for a program or for a person."""
    if not as_json:
        click.echo(text)
        return
    click.echo(json.dumps(_plain(value), indent=1, default=str, allow_nan=False))


def _plain(value: Any) -> Any:  # noqa: ANN401
    """The value with None where a number is not finite: JSON has no NaN."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
