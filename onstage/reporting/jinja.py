"""The templates of our pages, and how they are filled in."""

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from jinja2 import Environment


def templates() -> "Environment":
    """Give the environment: every value is escaped, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("onstage.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
