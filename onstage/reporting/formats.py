"""Numbers, durations and sizes as people write them."""

import math
from collections.abc import Mapping
from typing import Any, Final

from onstage.reporting.tables import Cell


MINUTE: Final = 60
HOUR: Final = 3600
THOUSAND: Final = 1_000
MANY: Final = 1e15
NONE: Final = "-"
"""Stands where a number is not known."""


def count(value: float) -> str:
    """``105745`` is ``105,745``."""
    return NONE if math.isnan(value) else f"{value:,.0f}"


def number(value: Any) -> str:  # noqa: ANN401  # whatever a configuration holds
    """Write a setting: a mapping as pairs, a float with four digits."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {number(v)}" for k, v in value.items())
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if THOUSAND <= abs(value) < MANY else f"{value:.4g}"


def short(value: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= THOUSAND else f"{value:.3g}"


def duration(seconds: float | None) -> str:
    """``192.3`` is ``3 min 12 s``."""
    if seconds is None or math.isnan(seconds):
        return NONE
    if seconds < 1:
        return milliseconds(THOUSAND * seconds)
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min"


def milliseconds(value: float | None) -> str:
    """``3.217`` is ``3.2 ms``."""
    if value is None or math.isnan(value):
        return NONE
    return f"{value:.2g} ms" if value < 10 else f"{value:,.0f} ms"  # noqa: PLR2004


def size(octets: float | None) -> str:
    """``2400000`` is ``2.4 MB``: a megabyte is a million bytes."""
    if octets is None or math.isnan(octets):
        return NONE
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= worth:
            return f"{octets / worth:.3g} {unit}" if octets < MANY else f"{octets:.3g}"
    return f"{octets:.0f} B"


def words(name: str) -> str:
    """Write a column's or a metric's name as words: ``ndcg_at_10`` is ``ndcg@10``."""
    return name.replace("_at_", "@").replace("_", " ")


def signed(cell: Cell) -> str:
    """A difference with its sign and, where there is one, its interval."""
    if math.isnan(cell.low) or math.isnan(cell.high):
        return f"{cell.value:+.4f}"
    return f"{cell.value:+.4f} [{cell.low:+.4f}, {cell.high:+.4f}]"


def probability(p: float) -> str:
    """``p = 0.012``, or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"  # noqa: PLR2004
