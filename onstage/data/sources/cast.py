"""What a column means: expressions of the engine that are NULL where a value makes no sense."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from onstage.data.clock import Clock
from onstage.data.sources.engine import literal
from onstage.data.sources.source import TimeFormat
from onstage.data.sources.sql import ISO


Kind: TypeAlias = Literal["id", "time", "number", "integer", "text"]

STORED: Final[dict[Kind, str]] = {
    "id": "VARCHAR",
    "time": "BIGINT",
    "number": "DOUBLE",
    "integer": "BIGINT",
    "text": "VARCHAR",
}
"""Type of a staged column. Times are ticks of the clock; ids become integers later, if all are."""

FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Ticks of the years 1 and 9999: what lies outside is no time, but a wrong unit."""

PER_SECOND: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds in one of each unit."""


@dataclass(frozen=True)
class Cast:
    """How columns of one source are read."""

    clock: Clock
    time: TimeFormat
    missing: tuple[str, ...] = ()

    def text(self, column: str, stored: str) -> str:
        """The value as text; NULL where it is missing."""
        if stored in {"FLOAT", "DOUBLE"}:
            whole = f"{column} = floor({column}) AND abs({column}) < 9007199254740992"
            shown = f"CAST(CAST({column} AS BIGINT) AS VARCHAR)"
            return f"CASE WHEN {whole} THEN {shown} ELSE CAST({column} AS VARCHAR) END"
        text = column if stored in {"VARCHAR", ISO} else f"CAST({column} AS VARCHAR)"
        for spelling in ("", *self.missing):
            text = f"nullif({text}, {literal(spelling)})"
        return text

    def value(self, column: str, stored: str, kind: Kind) -> str:
        """The value as :data:`STORED` of its kind; NULL where it is missing or makes no sense."""
        text = self.text(column, stored)
        if kind in {"id", "text"}:
            return text
        if kind == "time" and self.clock.kind == "utc":
            return self._instant(text, column, stored)
        plain = text if self.missing or stored in {"VARCHAR", ISO} else column
        return f"TRY_CAST({plain} AS DOUBLE)" if kind == "number" else _whole(plain)

    def _instant(self, text: str, column: str, stored: str) -> str:
        unit = self.time.unit
        if stored.startswith(("TIMESTAMP", "DATE")):
            ticks = f"epoch_us(CAST({column} AS TIMESTAMPTZ))"
        elif unit == "iso" or stored == ISO:
            ticks = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
        elif unit in PER_SECOND:
            ticks = _microseconds(text, PER_SECOND[unit])
        else:
            parsed = f"try_strptime({text}, {literal(unit)})"
            ticks = f"epoch_us(CAST({parsed} AS TIMESTAMPTZ))"
        return f"CASE WHEN {ticks} BETWEEN {FIRST} AND {LAST} THEN {ticks} END"

    def expected(self, kind: Kind, value: str) -> str:
        """Say what a value that made no sense should have been, and what may be wrong."""
        if kind == "number":
            return "a number"
        if kind == "integer":
            return "a whole number"
        if self.clock.kind == "step":
            return "a whole number of steps (clock.kind is step)"
        digits = value.lstrip("-").replace(".", "", 1).isdigit()
        if self.time.unit == "iso" and digits:
            return (
                "a time as 2021-05-01T12:00:00Z; for numbers since 1970 say time.unit: s, ms or us"
            )
        if self.time.unit in PER_SECOND and digits:
            return f"a time between the years 1 and 9999 in time.unit {self.time.unit}; try another"
        return f"a time (time.unit is {self.time.unit})"


def _whole(text: str) -> str:
    number = f"TRY_CAST({text} AS BIGINT)"  # rounds, hence the comparison
    return f"CASE WHEN CAST({number} AS DOUBLE) = TRY_CAST({text} AS DOUBLE) THEN {number} END"


def _microseconds(text: str, factor: int) -> str:
    whole = _whole(text)
    exact = f"TRY_CAST(TRY_CAST({text} AS DECIMAL(28, 6)) * {factor} AS BIGINT)"
    fits = f"{whole} BETWEEN {FIRST // factor} AND {LAST // factor}"
    return f"CASE WHEN {fits} THEN {whole} * {factor} ELSE {exact} END"
