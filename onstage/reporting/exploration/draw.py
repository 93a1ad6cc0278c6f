"""Which function draws an exhibit: one is registered for each kind that has a figure."""

from functools import singledispatch
from typing import TYPE_CHECKING, TypeAlias

from onstage.exploring.exhibit import Exhibit


if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures: TypeAlias = "dict[str, Figure]"
"""File name, without its ending, to the figure."""


@singledispatch
def draw(shown: Exhibit) -> Figures:  # noqa: ARG001  # kinds without a figure come here
    """Draw an exhibit; nothing for one that is a table."""
    return {}
