"""One condition of a decision: what was asked, what was found, whether it holds."""

import math
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""A float; None where there was nothing to measure."""

Kind = Literal["champion", "baseline", "guardrail", "limit", "newness"]
"""``champion``, ``baseline``: a gain over another model. ``guardrail``: no harm to a slice.
``limit``: a cost. ``newness``: whether there is anything new to decide on."""


class Gain(Protocol):
    """A paired difference, as :class:`onstage.evaluation.comparison.Difference` gives it."""

    @property
    def mean(self) -> float:
        """Mean of challenger - opponent over the same events."""

    @property
    def low(self) -> float:
        """Lower end of the bootstrap interval; ``nan`` without events."""

    @property
    def high(self) -> float:
        """Upper end."""

    @property
    def n_events(self) -> int:
        """Events both models answered."""

    @property
    def n_users(self) -> int:
        """Users that were resampled."""


class Condition(BaseModel):
    """One line of a decision, for the audit, the artifact and the report."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Kind
    """What sort of condition it is."""
    what: str
    """In a few words, e.g. ``ndcg_at_10 over memory(count)`` or ``ndcg_at_10 of unseen``."""
    passed: bool
    """Whether it stands in nobody's way. A condition that could not be judged says so in
    `judged`, and passes or not as its reason explains."""
    reason: str
    """One sentence with the numbers."""
    judged: bool = True
    """False where there was too little to judge by, e.g. a slice without events."""
    challenger: str = ""
    """Leaderboard name of whoever was put forward."""
    value: Number = None
    """Mean of challenger - opponent over the slice's events; or the cost that was measured."""
    low: Number = None
    """Lower end of the paired interval; None for costs."""
    high: Number = None
    """Upper end."""
    limit: Number = None
    """Gains: `low` must be above it (negative: a loss that is tolerated). Costs: `value` must not
    be above it."""
    n: int = 0
    """Events that were compared; 0 for costs."""


def above(metric: str, margin: float, kind: Kind, opponent: str, gain: Gain | None) -> Condition:
    """Whether the lower end of a gain's interval lies above `margin`.

    A negative margin asks for non-inferiority, and the reason says so. No gain, or one without
    events, never passes.
    """
    what = f"{metric} over {opponent}"
    if gain is None or gain.n_events == 0:
        reason = f"{what}: no events to compare on"
        return Condition(
            kind=kind, what=what, passed=False, judged=False, reason=reason, limit=margin
        )
    how = "needed" if margin >= 0 else "non-inferior if"
    return Condition(
        kind=kind,
        what=what,
        passed=gain.low > margin,
        reason=(
            f"{metric} gained {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] "
            f"over {opponent}, {how} > {margin:+.4f}"
        ),
        value=gain.mean,
        low=gain.low,
        high=gain.high,
        limit=margin,
        n=gain.n_events,
    )


def plain(kind: Kind, what: str, reason: str, *, passed: bool, judged: bool = True) -> Condition:
    """A condition without numbers."""
    return Condition(kind=kind, what=what, passed=passed, judged=judged, reason=reason)
