"""What the values of a column look like, seen in the first rows of a file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray


TimeKind: TypeAlias = Literal["iso", "s", "ms", "us"]

INTEGER: Final = re.compile(r"^-?\d+$")
NUMBER: Final = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
ISO: Final = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
EPOCHS: Final[dict[TimeKind, float]] = {"s": 1.0, "ms": 1e3, "us": 1e6}
EARLIEST, LATEST = 631_152_000, 2_208_988_800
"""Seconds of 1990 and 2040: numbers between them look like seconds since 1970."""


@dataclass(frozen=True)
class ColumnProfile:
    """One column, as text, in the rows that were looked at."""

    name: str
    rows: int
    present: int
    """Values that are not missing."""
    distinct: int
    integer: bool
    number: bool
    low: float
    high: float
    sorted: bool
    """Whether the numbers never decrease from row to row."""
    time: TimeKind | None
    """The kind of instants that all values look like, if any."""
    numbers: NDArray[np.float64] = field(repr=False, compare=False)
    """All values, where all rows have a number; else empty."""

    @property
    def constant(self) -> bool:
        """Whether it says nothing."""
        return self.distinct < 2  # noqa: PLR2004  # one value, or none

    @property
    def id_like(self) -> bool:
        """Whether it may name users or items: neither constant nor a fraction nor a time."""
        return not self.constant and self.time is None and (self.integer or not self.number)

    @property
    def repeats(self) -> bool:
        """Whether values come back, as users and items do, and row numbers do not."""
        return self.distinct < self.present

    def describe(self) -> str:
        """Say in a few words what is in it."""
        if self.present == 0:
            return "empty"
        if self.time is not None:
            kind = "times" if self.time == "iso" else f"times in {self.time} since 1970"
        else:
            kind = "whole numbers" if self.integer else "numbers" if self.number else "text"
        span = f" from {self.low:g} to {self.high:g}" if self.number and not self.time else ""
        return f"{kind}{span}, {self.distinct:,} distinct in {self.present:,}"


def profile(name: str, values: Sequence[str | None]) -> ColumnProfile:
    """Look at one column."""
    present = [value for value in values if value not in (None, "")]
    texts = [str(value) for value in present]
    integer = bool(texts) and all(map(INTEGER.match, texts))
    number = integer or (bool(texts) and all(map(NUMBER.match, texts)))
    numbers = np.array(texts, dtype=np.float64) if number else np.empty(0)
    return ColumnProfile(
        name=name,
        rows=len(values),
        present=len(texts),
        distinct=len(set(texts)),
        integer=integer,
        number=number,
        low=float(numbers.min()) if number else float("nan"),
        high=float(numbers.max()) if number else float("nan"),
        sorted=number and bool((np.diff(numbers) >= 0).all()),
        time=_time_kind(texts, numbers),
        numbers=numbers if len(numbers) == len(values) else np.empty(0),
    )


def _time_kind(texts: list[str], numbers: NDArray[np.float64]) -> TimeKind | None:
    if not texts:
        return None
    if not len(numbers):
        return "iso" if all(map(ISO.match, texts)) else None
    low, high = np.quantile(numbers, [0.05, 0.95])
    for kind, scale in EPOCHS.items():
        if low >= EARLIEST * scale and high <= LATEST * scale:
            return kind
    return None
