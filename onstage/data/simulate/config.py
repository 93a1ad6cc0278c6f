"""What is simulated."""

from datetime import UTC, datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, model_validator


STEPS_PER_DAY: Final = 144
"""Viewers decide every 10 minutes, as the Twitch log counts time."""

Shape = Literal["kumu", "twitch"]


class SimulationConfig(BaseModel):
    """A platform, its people and the length of the story.

    The same configuration gives the same bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    shape: Shape = "kumu"
    """Which platform's files and marginals: ``twitch`` (one headerless log in 10-minute steps)
    or ``kumu`` (watch logs in seconds, channel and relation tables, UUID identifiers)."""
    users: int = Field(2_000, ge=2)
    """Viewers. Each has at least 5 rows (``twitch``) or 1 (``kumu``)."""
    streamers: int | None = Field(None, ge=20)
    """Streamers on the platform, watched by anyone or not. None: scaled with the users, so that
    100,000 users of ``twitch`` watch about as many as in the Twitch log."""
    days: int = Field(42, ge=2, le=400)
    """Length of the simulated period in days."""
    steps: int | None = Field(None, ge=2 * STEPS_PER_DAY)
    """Length in 10-minute steps where it is not whole days; at most ``days * 144``."""
    seed: NonNegativeInt = 0
    """The run's one seed."""
    loyalty: float = Field(1.0, ge=0.0, le=100.0)
    """Multiplies how strongly viewers return to whom they watched. 0: nobody remembers."""
    novelty: float = Field(1.0, gt=0.0, le=100.0)
    """Multiplies how strongly viewers look for somebody new."""
    focus: float = Field(1.0, ge=0.0, le=4.0)
    """Exponent of the tastes for genres. 0: everybody likes all genres alike."""
    starts: AwareDatetime = datetime(2021, 6, 7, tzinfo=UTC)
    """Instant of step 0 (shape ``kumu``, and weekdays in both): by default a Monday, 00:00 UTC."""

    @model_validator(mode="after")
    def _steps_fit_into_the_days(self) -> Self:
        if self.steps is not None and self.steps > self.days * STEPS_PER_DAY:
            message = (
                f"steps {self.steps} are more than {self.days} days have "
                f"({self.days * STEPS_PER_DAY}): raise days"
            )
            raise ValueError(message)
        return self

    @property
    def horizon(self) -> int:
        """Length of the period in 10-minute steps."""
        return self.steps or self.days * STEPS_PER_DAY

    @classmethod
    def small(cls, shape: Shape = "kumu", *, seed: int = 0) -> Self:
        """Make the demo: 2,000 users, 6 weeks, about 60,000 rows."""
        return cls(shape=shape, users=2_000, streamers=800, seed=seed)

    @classmethod
    def twitch100k(cls, *, seed: int = 0) -> Self:
        """Make the twin of the Twitch log: 100,000 users, 6,148 steps, about 3.05M rows."""
        return cls(shape="twitch", users=100_000, days=43, steps=6_148, seed=seed)
