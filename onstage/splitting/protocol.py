"""How a log is cut into what is known and what is asked: configuration only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt
from typing_extensions import override

from onstage.availability.repeats import RepeatPolicy


class _Protocol(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    repeat: RepeatPolicy = RepeatPolicy()
    """Whether what a user already had may be recommended again."""

    @property
    def split(self) -> Literal["time", "random"]:
        """Whether an instant divides the log, or chance: with that, models see the future."""
        return "time"


class TemporalProtocol(_Protocol):
    """One instant cuts the log: what was before is known, what comes after is asked."""

    kind: Literal["temporal"] = "temporal"
    validation_days: PositiveFloat | None = None
    """Length of the validation part in days. By default the share below."""
    test_days: PositiveFloat | None = None
    """Length of the test part in days. By default the share below."""
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Newest share of the training interactions that makes the validation part."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Newest share of all interactions that makes the test part."""
    min_train_interactions: PositiveInt = 1
    """Only users with this many interactions before the cut are asked about."""

    @property
    def name(self) -> str:
        """The protocol's name on the leaderboard."""
        return "temporal"


class LiveProtocol(_Protocol):
    """Live-streaming events: rank who is live when a user starts to watch.

    References
    ----------
    Rappaz, McAuley, Aberer, "Recommendation on Live-Streaming Platforms: Dynamic Availability and
    Repeat Consumption", RecSys 2021; the tracks are described in ``docs/evaluation.md``.
    """

    kind: Literal["live"] = "live"
    track: Literal["A", "B", "C"] = "B"
    """``A``: official, inputs are the 16 newest rows. ``B``: open, any earlier row. ``C``:
    independent, as B, and a candidate must be live by some other user's row."""
    part_steps: PositiveInt = 250
    """Length of the validation part and of the test part, in steps (or in units of
    `part_step_seconds` where the log has timestamps)."""
    part_step_seconds: PositiveFloat = 600.0
    """Length of one such step, in seconds, for logs with timestamps."""
    window: PositiveInt = 17
    """Newest rows per user and part; the last is the target, the others are track A's input."""

    @property
    def name(self) -> str:
        """The protocol's name on the leaderboard."""
        return f"live-{self.track}"


class MaskedProtocol(_Protocol):
    """Hide a share of (user, item) pairs at random; ask for them among what the user never had.

    A random split lets models see the future. It exists to reproduce published masked AUC figures
    and is stamped as random wherever it is shown.
    """

    kind: Literal["masked"] = "masked"
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of pairs hidden."""
    seed: NonNegativeInt = 0
    """Which pairs are hidden."""
    repeat: RepeatPolicy = RepeatPolicy(kind="exclude")
    """Pairs that stay in training are never candidates here."""

    @property
    @override
    def split(self) -> Literal["time", "random"]:
        return "random"

    @property
    def name(self) -> str:
        """The protocol's name on the leaderboard."""
        return "masked"


Protocol = Annotated[TemporalProtocol | LiveProtocol | MaskedProtocol, Field(discriminator="kind")]
"""Any protocol's configuration: ``{"kind": "live", "track": "C"}``."""
