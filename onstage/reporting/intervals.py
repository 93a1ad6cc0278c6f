"""An interval as a small drawing in a line of a table: text, no file, in the page's own colours."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from markupsafe import Markup

from onstage.reporting.tables import Cell


WIDTH: Final = 100
HEIGHT: Final = 12
LEFT: Final = 10.0
"""Free on the left, in the drawing's units: where arrows stand."""
RIGHT: Final = 2.0
"""Free on the right."""
SHARE: Final = 0.5
"""Of the best value: what is below it is far behind."""


@dataclass(frozen=True)
class Scale:
    """What the left and the right end of every drawing of one table stand for."""

    low: float
    high: float

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """From the smallest to the largest number drawn; ``nan`` where there is none.

        Values below :data:`SHARE` of the best one do not stretch it: they would press the others
        together, and stand left of it, as an arrow.
        """
        known = [c for c in cells if math.isfinite(c.value)]
        best = max((c.value for c in known), default=math.nan)
        near = [c for c in known if best <= 0 or c.value >= SHARE * best]
        ends = [x for c in near for x in (c.value, c.low, c.high) if math.isfinite(x)]
        return cls(min(ends, default=math.nan), max(ends, default=math.nan))

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return math.isfinite(self.low)

    def place(self, value: float) -> float:
        """Where `value` stands, in the drawing's units; the middle where all numbers are equal."""
        if self.high == self.low:
            return (LEFT + WIDTH - RIGHT) / 2
        share = (value - self.low) / (self.high - self.low)
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)


def interval_svg(cell: Cell, scale: Scale, leader: Cell | None = None) -> Markup:
    """Draw a value and its interval.

    Parameters
    ----------
    cell
        ``nan`` draws nothing; without an interval the value stands alone; left of the scale it is
        an arrow.
    scale
        Of all lines of the table.
    leader
        Its interval lies behind every line as a band, so that an overlap is seen.

    Returns
    -------
    markupsafe.Markup
        An ``svg`` element whose label says the numbers.
    """
    if not math.isfinite(cell.value):
        return Markup("")
    parts = []
    if leader is not None and _has_interval(leader):
        low, high = scale.place(leader.low), scale.place(leader.high)
        parts.append(
            f'<rect class="band" x="{low:.1f}" width="{high - low:.1f}" height="{HEIGHT}"/>'
        )
    if cell.value < scale.low:
        parts.append('<path class="far" d="M1 6L6 2.5V9.5Z"/>')
        return _drawing(cell, parts)
    if _has_interval(cell):
        low, high = scale.place(cell.low), scale.place(cell.high)
        parts.append(
            f'<path class="whisker" d="M{low:.1f} 6H{high:.1f}M{low:.1f} 4V8M{high:.1f} 4V8"/>'
        )
    at = scale.place(cell.value)
    parts.append(f'<rect class="value" x="{at - 0.7:.1f}" y="2" width="1.4" height="8"/>')
    return _drawing(cell, parts)


def _drawing(cell: Cell, parts: Iterable[str]) -> Markup:
    return Markup(  # noqa: S704  # numbers only
        f'<svg class="bar" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{cell}">{"".join(parts)}</svg>'
    )


def _has_interval(cell: Cell) -> bool:
    return math.isfinite(cell.low) and math.isfinite(cell.high)
