"""Numbers as a person writes them in a sentence."""

import math
from collections.abc import Sequence
from typing import Final


MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
THOUSAND: Final = 1_000
HUNDRED: Final = 100
UNKNOWN: Final = "unknown"


def count(number: float) -> str:
    """A whole number with thousands separators."""
    return f"{number:,.0f}"


def counted(number: float, noun: str) -> str:
    """A number and its noun, in the plural unless it is one: ``1 row``, ``2 rows``."""
    return f"{count(number)} {noun if round(number) == 1 else noun + 's'}"


def percent(share: float | None) -> str:
    """A share as percent with one digit; what is neither 0 nor 1 is never rounded to it."""
    if share is None or math.isnan(share):
        return UNKNOWN
    tenths = round(share * THOUSAND)
    if tenths == 0 and share > 0:
        return "less than 0.1 %"
    if tenths == THOUSAND and share < 1:
        return "more than 99.9 %"
    return f"{tenths / 10:.1f} %"


def number(value: float | None) -> str:
    """Three significant digits, thousands separators; ``unknown`` for a missing value."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if abs(value) >= HUNDRED:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def coefficient(value: float | None) -> str:
    """A correlation with two digits, and no minus before a zero."""
    if value is None or math.isnan(value):
        return UNKNOWN
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def duration(seconds: float | None) -> str:
    """Seconds as a person says them, in the two largest units."""
    if seconds is None or math.isnan(seconds):
        return UNKNOWN
    if seconds < MINUTE:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    for large, small, names in (
        (DAY, HOUR, ("d", "h")),
        (HOUR, MINUTE, ("h", "min")),
        (MINUTE, 1, ("min", "s")),
    ):
        if whole >= large:
            return f"{whole // large:,} {names[0]} {whole % large // small} {names[1]}"
    return f"{whole} s"


def listed(names: Sequence[str], *, most: int = 8) -> str:
    """Names in a row: ``a``, ``a and b``, ``a, b and c``; the rest beyond `most` is counted."""
    shown = [*names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def change(before: float, after: float) -> str:
    """How much more or less: ``12.0 % more``, ``3.1 % fewer``, ``as many``."""
    if before == after:
        return "as many"
    if before == 0:
        return "more than none"
    share = after / before - 1
    return f"{percent(abs(share))} {'more' if share > 0 else 'fewer'}"
