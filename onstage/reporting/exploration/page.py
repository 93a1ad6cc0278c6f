"""An exploration as one HTML page that needs nothing else, and its figures as PNG."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onstage.exploring.exhibit import Exhibit, Exploration
from onstage.reporting.exploration import log, numbers, watching
from onstage.reporting.exploration.draw import draw
from onstage.reporting.exploration.panels import WIDTH
from onstage.reporting.figures import save_png, style, svg_uri
from onstage.reporting.jinja import templates


PAGE: Final = "explore.html"
FIGURES: Final = "figures"

DRAWN: Final = (log, numbers, watching)
"""Imported so that their functions are registered with :func:`draw`."""


@dataclass(frozen=True)
class Picture:
    """A figure as the page holds it.

    Attributes
    ----------
    wide
        Whether it is wider than a panel.
    """

    name: str
    uri: str
    wide: bool


def render_exploration(exploration: Exploration, folder: Path) -> Path:
    """Write the page and a PNG of each of its figures.

    Parameters
    ----------
    folder
        Must exist. Gets ``explore.html`` and ``figures/*.png``.

    Returns
    -------
    pathlib.Path
        The page. The same exploration gives the same bytes.
    """
    (folder / FIGURES).mkdir(exist_ok=True)
    pictures = {shown.key: _pictures(shown, folder / FIGURES) for shown in exploration.exhibits}
    page = folder / PAGE
    page.write_text(exploration_html(exploration, pictures), encoding="utf-8", errors="replace")
    return page


def exploration_html(exploration: Exploration, pictures: Mapping[str, list[Picture]]) -> str:
    """Make the page as text. Every value is escaped."""
    environment = templates()
    environment.tests["exhibit"] = lambda part: isinstance(part, Exhibit)
    return environment.get_template("explore.html").render(
        exploration=exploration, pictures=pictures
    )


def _pictures(shown: Exhibit, folder: Path) -> list[Picture]:
    """Draw one exhibit twice: for the page and as PNG files."""
    made = []
    with style():
        for name, figure in draw(shown).items():
            figure.draw_without_rendering()  # lays out once for both files
            figure.set_layout_engine("none")
            save_png(figure, folder / f"{name}.png")
            wide = bool(figure.get_figwidth() > WIDTH)
            made.append(Picture(name, svg_uri(figure), wide))
    return made
