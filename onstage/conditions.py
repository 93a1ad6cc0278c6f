"""What a challenger must show to become champion: the conditions as a user declares them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator


Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Guardrail(BaseModel):
    """A slice of events on which a challenger may not lose much against the champion."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    slice: Literal["repeat", "unseen", "activity", "clusters", "cold_items"]
    """``repeat``, ``unseen``: by whether the user had the item before. ``activity``: three slices,
    terciles of the users by training rows. ``clusters``: one slice a kind of user, from training
    rows. ``cold_items``: events most of whose items have few training rows."""
    max_loss: Positive
    """The lower end of the paired interval against the champion must be above minus this, on every
    slice."""
    metric: str | None = None
    """What must not be lost; the primary metric by default."""
    min_events: PositiveInt = 50
    """A slice with fewer events is not judged, and the reasons name it."""
    cold_below: PositiveInt = 5
    """``cold_items``: an item with fewer training rows is cold."""


class Limits(BaseModel):
    """What a challenger may cost, as its backtest measured it on this machine. Off by default."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    latency_ms: Positive | None = None
    """Most milliseconds of one request, 95th percentile."""
    latency_ratio: Positive | None = None
    """Most of it relative to the champion's, e.g. 2.0."""
    size_mb: Positive | None = None
    """Most megabytes (1,000,000 bytes) of the model's saved arrays."""


class Promotion(BaseModel):
    """What a challenger must show."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    metric: str = "ndcg_at_10"
    """Primary metric, larger is better; sweeps maximise it too."""
    group: Literal["all", "repeat", "unseen"] = "all"
    """Slice of events that the primary metric is read on."""
    rule: Literal["superior", "non_inferior"] = "superior"
    """What the paired interval against the champion must show. ``superior``: a gain of more than
    `min_gain`. ``non_inferior``: a loss of less than `max_loss`; for a leader that is preferred for
    other reasons than this metric."""
    min_gain: Finite = 0.0
    """``superior``: the interval's lower end must be above this."""
    max_loss: Positive | None = None
    """``non_inferior``: the interval's lower end must be above minus this. In the metric's own
    unit."""
    min_gain_over_baselines: Finite = 0.0
    """The same against each baseline, unless the challenger is that baseline."""
    baselines: tuple[str, ...] = ("popularity", "memory")
    """Models a champion must beat, by name, where they are on the leaderboard."""
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the paired bootstrap interval."""
    selection: Literal["ignored", "corrected"] = "ignored"
    """The leader is the best of several on the very events it is judged by. ``corrected`` widens
    the intervals for it: Bonferroni over the recipes that are neither a baseline nor the
    champion's."""
    refresh: bool = True
    """Whether the champion's own recipe, refitted on newer data, takes over the alias."""
    guardrails: tuple[Guardrail, ...] = ()
    """Slices on which a challenger may not lose much against the champion; all must hold."""
    limits: Limits = Limits()
    """What a challenger may cost."""

    @property
    def margin(self) -> float:
        """What the interval of the gain over the champion must lie above; negative for a loss."""
        return self.min_gain if self.max_loss is None else -self.max_loss

    @model_validator(mode="after")
    def _one_margin(self) -> Self:
        if (self.rule == "non_inferior") != (self.max_loss is not None):
            message = (
                "max_loss belongs to rule: non_inferior, which needs it; got rule: "
                f"{self.rule}, max_loss: {self.max_loss}"
            )
            raise ValueError(message)
        if self.rule == "non_inferior" and self.min_gain != 0:
            message = (
                f"min_gain {self.min_gain:g} belongs to rule: superior; leave it out under "
                "non_inferior"
            )
            raise ValueError(message)
        if self.min_gain < 0:
            message = (
                f"min_gain {self.min_gain:g} is below 0; a loss that is tolerated is called rule: "
                f"non_inferior with max_loss: {-self.min_gain:g}"
            )
            raise ValueError(message)
        return self
