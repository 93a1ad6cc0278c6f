"""One look for all plots, and their bytes: the same figure, the same bytes."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final


if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Distinguishable with every kind of colour blindness (Okabe and Ito, 2008), without yellow."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P")
"""One per colour, so that a print in grey can be read too."""

STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "svg.hashsalt": "onstage",
    "svg.fonttype": "path",
}

METADATA: Final = ("Creator", "Date", "Format", "Type")
"""What matplotlib would write about itself and the time."""


@contextmanager
def style() -> Iterator[None]:
    """Draw and save in our look, without touching the caller's."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        yield


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure of so many inches; no window, no global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def svg_uri(figure: "Figure") -> str:
    """Write a figure as a ``data:`` address that a page can hold."""
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format="svg", metadata=dict.fromkeys(METADATA))
    whole = stream.getvalue()
    svg = whole[whole.index(b"<svg") :]  # the document type before it names an address
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def save_png(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, 150 dots an inch."""
    with style():
        figure.savefig(path, format="png", dpi=150, metadata={"Software": None})


def png_uri(figure: "Figure") -> str:
    """Write a figure of many points as a ``data:`` address: smaller than as lines and dots."""
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def drawable(text: str) -> str:
    """Make a text safe to draw: no mathematics by ``$``, ``?`` for what the font does not have."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    known = "".join(
        c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in str(text)
    )
    return known.replace("$", r"\$")
