"""Two kinds of time, one arithmetic: instants in UTC, or integer steps."""

from datetime import UTC, datetime
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, PositiveFloat, model_validator

from onstage.contracts import kind_of
from onstage.errors import ConfigError, ContractError
from onstage.types import Ticks


MICROSECONDS = 1_000_000


class Clock(BaseModel):
    """How a log counts time. Everything inside computes on int64 *ticks*.

    A tick is a microsecond since 1970-01-01 UTC (``kind="utc"``) or one step of the log
    (``kind="step"``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["utc", "step"] = "utc"
    """``utc``: timestamps. ``step``: the log counts integer steps and they stay steps."""
    step_seconds: PositiveFloat | None = None
    """Length of one step in seconds. Needed when ``kind`` is ``step``."""

    @model_validator(mode="after")
    def _steps_have_a_length(self) -> Self:
        if self.kind == "step" and self.step_seconds is None:
            message = "clock.step_seconds is missing: a log in steps must say how long one is"
            raise ValueError(message)
        return self

    @property
    def seconds_per_tick(self) -> float:
        """Length of one tick in seconds."""
        return 1e-6 if self.step_seconds is None or self.kind == "utc" else self.step_seconds

    def span(self, *, days: float = 0.0, seconds: float = 0.0) -> float:
        """Length of a duration in ticks (a float: half a step is half a step)."""
        return (days * 86_400 + seconds) / self.seconds_per_tick

    def seconds(self, ticks: float) -> float:
        """Length of `ticks` in seconds."""
        return ticks * self.seconds_per_tick

    def hours(self, ticks: Ticks) -> NDArray[np.int64]:
        """Whole hours since a Monday 00:00 UTC; where the log counts steps, since step 0.

        Modulo 24 it is the hour of the day, modulo 168 the hour of the week. A log in steps does
        not say when its step 0 was, so its hours are those of an unknown time zone.
        """
        if self.kind == "utc":
            return np.asarray(ticks) // (3600 * MICROSECONDS) + 72  # 1970 began on a Thursday
        return np.floor(np.asarray(ticks) * self.seconds_per_tick / 3600).astype(np.int64)

    def first_ticks(self, hours: NDArray[np.int64]) -> Ticks:
        """The first tick of each hour of :meth:`hours`."""
        if self.kind == "utc":
            return (np.asarray(hours) - 72) * (3600 * MICROSECONDS)
        return np.ceil(np.asarray(hours) * 3600 / self.seconds_per_tick).astype(np.int64)

    def ticks(self, times: pd.Series) -> Ticks:
        """Convert a column of times.

        Parameters
        ----------
        times : pandas.Series of timezone-aware datetimes (``utc``) or integers (``step``)

        Raises
        ------
        ContractError
            If the column is of the other kind, naive, or has missing values.
        """
        kind = kind_of(times)
        if self.kind == "utc":
            if not isinstance(times.dtype, pd.DatetimeTZDtype):
                message = f"{times.name}: dtype {times.dtype}, expected timezone-aware datetimes"
                raise ContractError(message)
            if times.isna().any():
                message = f"{times.name}: {int(times.isna().sum())} missing times"
                raise ContractError(message)
            utc = times.dt.tz_convert("UTC").dt.as_unit("us")
            return np.asarray(utc.astype("int64"), dtype=np.int64)
        if kind not in "iu":
            message = f"{times.name}: dtype {times.dtype}, expected integer steps"
            raise ContractError(message)
        return times.to_numpy(dtype=np.int64)

    def times(self, ticks: Ticks) -> pd.Series:
        """Convert ticks back to the log's own times."""
        if self.kind == "step":
            return pd.Series(np.asarray(ticks, dtype=np.int64))
        stamps = np.asarray(ticks, dtype=np.int64).astype("datetime64[us]")
        return pd.Series(stamps).dt.tz_localize("UTC")

    def parse(self, text: str | int | datetime) -> int:
        """Read one instant: an integer step, or ISO 8601 with an offset (``Z`` is fine).

        Raises
        ------
        ConfigError
            If the text is neither, or the time has no offset.
        """
        if self.kind == "step":
            try:
                return int(str(text))
            except ValueError:
                message = f"time {text!r}: this log counts steps, so give an integer"
                raise ConfigError(message) from None
        try:
            at = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
        except ValueError:
            message = f"time {text!r}: expected ISO 8601 such as 2024-06-01T20:00:00Z"
            raise ConfigError(message) from None
        if at.tzinfo is None:
            message = f"time {text!r} has no time zone: add one, e.g. {text}Z for UTC"
            raise ConfigError(message)
        whole = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return (whole.days * 86_400 + whole.seconds) * MICROSECONDS + whole.microseconds

    def render(self, tick: int) -> str:
        """Write one instant as a person reads it."""
        if self.kind == "step":
            return f"step {tick}"
        return str(pd.Timestamp(int(tick), unit="us", tz="UTC").isoformat())
