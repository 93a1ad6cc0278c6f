"""What must be true of a batch before anything is trained on it, as configuration.

The rules that look at rows are in :mod:`onstage.data.rules`; what a batch looks like from afar is
:mod:`onstage.data.profile`; the suites that say all of it in Great Expectations' words, and run it,
are in ``expectations/``.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from onstage.data.clock import Clock
from onstage.data.profile import BatchProfile
from onstage.errors import ConfigError


__all__ = ["BatchProfile", "Bounds", "Limits", "ValidationConfig"]

Share: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0)]


class Bounds(BaseModel):
    """How far a number may move between two accepted batches, as factors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    low: Annotated[float, Field(ge=0.0, le=1.0)] = 0.4
    """Smallest factor: 0.4 is a fall to two fifths. 0 allows any fall."""
    high: Annotated[float, Field(ge=1.0)] | None = 4.0
    """Largest factor: 4 is four times as much. null allows any rise."""


class ValidationConfig(BaseModel):
    """What must be true of a batch before anything is trained on it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_quarantined: Share = 0.01
    """Share of a table's rows that may be set aside as bad; above it the batch is refused."""
    max_duplicates: Share = 0.05
    """Share of interactions that may be copies of another one: the first is kept. Logs that are
    delivered at least once have a few; a log delivered twice has half."""
    earliest: str | int | None = None
    """Earliest believable time (ISO 8601 with an offset, or a step). By default 1995-01-01 in logs
    of timestamps, so that 1970 is caught, and step 0 in logs of steps."""
    future_tolerance_seconds: Annotated[float, Field(ge=0.0)] | None = 3600.0
    """How far a time may lie after now (clocks differ). null: any time may come. In logs of steps
    it is checked only when the caller knows the current step."""
    max_duration_seconds: Annotated[float, Field(gt=0.0)] = 30 * 86_400.0
    """Longest believable duration of one interaction (30 days: some logs hold sums per pair)."""
    events: tuple[str, ...] | None = None
    """Known event types. null: event types are not checked."""
    window_tolerance_seconds: Annotated[float, Field(ge=0.0)] | None = 60.0
    """How far outside every window of its item an interaction may lie. null: not checked. Without
    a windows table nothing is checked."""
    max_daily_interactions: PositiveInt = 2000
    """A user with more interactions than this in one day is a robot; all its rows are set aside."""
    rhythm_min_interactions: Annotated[int, Field(ge=10)] = 50
    """Users with at least this many interactions are examined for a machine's rhythm."""
    min_gap_spread: Annotated[float, Field(ge=0.0)] = 0.02
    """A user whose gaps vary less than this (standard deviation over mean) is a robot."""
    total_rows: Bounds = Bounds(low=0.5, high=None)
    """All rows, over those of the last accepted batch: a log that shrinks has lost something."""
    daily_rows: Bounds = Bounds()
    """Rows of the newest days, over the range of the newest days of the last accepted batch."""
    daily_users: Bounds = Bounds()
    """Active users of the newest days, likewise."""
    rows_per_user: Bounds = Bounds()
    """Interactions per active user of the newest days, likewise."""
    change_noise: NonNegativeInt = 50
    """Rows and users added to both sides of these factors, so that small logs raise no alarm."""
    max_days_older: Annotated[float, Field(ge=0.0)] = 1.0
    """Days by which a batch may end before the last accepted one did."""
    allow_lost_columns: bool = False
    """Whether a batch may lack a column that the last accepted one had."""

    @model_validator(mode="after")
    def _events_are_some(self) -> Self:
        if self.events is not None and not self.events:
            message = "events: an empty list knows no event; use null not to check them"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Limits:
    """A configuration applied to one clock and one instant: what the rules compare with.

    Attributes
    ----------
    earliest, latest
        Ticks, both allowed; ``latest`` is None where the future is not checked.
    """

    config: ValidationConfig
    clock: Clock
    earliest: int
    latest: int | None

    @classmethod
    def of(cls, config: ValidationConfig, clock: Clock, now: int | None) -> Self:
        """Resolve `config`.

        Parameters
        ----------
        now
            Current tick; None is the machine's clock in UTC logs, and unknown in logs of steps.

        Raises
        ------
        ConfigError
            If ``earliest`` is no time of this clock.
        """
        default = 0 if clock.kind == "step" else "1995-01-01T00:00:00Z"
        text = default if config.earliest is None else config.earliest
        try:
            earliest = clock.parse(text)
        except ConfigError as error:
            message = f"validation.earliest: {error}"
            raise ConfigError(message) from error
        if now is None and clock.kind == "utc":
            now = clock.parse(datetime.now(UTC))
        latest = None
        if now is not None and config.future_tolerance_seconds is not None:
            latest = now + int(clock.span(seconds=config.future_tolerance_seconds))
        return cls(config, clock, earliest, latest)
