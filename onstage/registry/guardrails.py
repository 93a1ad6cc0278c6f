"""Whether a challenger harms anybody, and whether it can be afforded: arithmetic, no plumbing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from onstage.conditions import Guardrail, Limits
from onstage.registry.conditions import Condition, Gain


MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Cost:
    """What a model costs, as its backtest measured it.

    Attributes
    ----------
    latency_ms
        95th percentile of one request; None if it was not measured.
    size_bytes
        Of the saved arrays; None if it was not measured.
    """

    latency_ms: float | None = None
    size_bytes: float | None = None


def guarded(
    rule: Guardrail, metric: str, gains: Mapping[str, Gain | None]
) -> tuple[Condition, ...]:
    """Judge one guardrail: one condition a slice.

    Parameters
    ----------
    rule
        Which loss is tolerated, and from how many events on a slice is judged.
    metric
        What was compared.
    gains
        Slice to challenger - champion on its events; None where it has none.

    Returns
    -------
    tuple of Condition
        A slice passes if the interval's lower end is *above* ``-max_loss``: the challenger has to
        show that it does no harm. One with fewer than ``min_events`` is not judged; it passes, and
        its reason says so.

    References
    ----------
    Berger, "Multiparameter Hypothesis Testing and Acceptance Sampling", Technometrics 1982: where
    every condition must hold, each may be tested at the full level.
    """
    return tuple(_slice(rule, f"{metric} of {name}", gain) for name, gain in gains.items())


def _slice(rule: Guardrail, what: str, gain: Gain | None) -> Condition:
    limit = -rule.max_loss
    if gain is None or gain.n_events == 0:
        return Condition(
            kind="guardrail",
            what=what,
            passed=True,
            judged=False,
            reason=f"{what}: no events, not judged",
            limit=limit,
        )
    found = f"{what} changed by {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
    judged = gain.n_events >= rule.min_events
    if judged:
        reason = f"{found} on {gain.n_events} events, needed > {limit:+.4f}{_how(gain, limit)}"
    else:
        reason = f"{found}: {gain.n_events} events, not judged below {rule.min_events}"
    return Condition(
        kind="guardrail",
        what=what,
        passed=not judged or gain.low > limit,
        judged=judged,
        reason=reason,
        value=gain.mean,
        low=gain.low,
        high=gain.high,
        limit=limit,
        n=gain.n_events,
    )


def _how(gain: Gain, limit: float) -> str:
    """Whether a slice that failed was harmed, or has too few events to say."""
    if gain.low > limit:
        return ""
    return " (harmed)" if gain.high <= limit else " (harm cannot be ruled out)"


def afforded(limits: Limits, cost: Cost, champion: Cost | None) -> tuple[Condition, ...]:
    """Judge the limits that are set.

    Parameters
    ----------
    champion
        Its cost on the same machine; None without a champion, where nothing is relative to it.

    Returns
    -------
    tuple of Condition
        A cost that was not measured does not pass.
    """
    found = []
    if limits.latency_ms is not None:
        found.append(_cost("latency (p95)", cost.latency_ms, limits.latency_ms, "ms"))
    if limits.latency_ratio is not None and champion is not None:
        ratio = None
        if cost.latency_ms is not None and champion.latency_ms:
            ratio = cost.latency_ms / champion.latency_ms
        what = "latency (p95) relative to the champion's"
        found.append(_cost(what, ratio, limits.latency_ratio, "times"))
    if limits.size_mb is not None:
        size = None if cost.size_bytes is None else cost.size_bytes / MEGABYTE
        found.append(_cost("size", size, limits.size_mb, "MB"))
    return tuple(found)


def _cost(what: str, value: float | None, limit: float, unit: str) -> Condition:
    if value is None:
        reason = f"{what} was not measured; `onstage backtest` measures it"
        return Condition(
            kind="limit", what=what, passed=False, judged=False, reason=reason, limit=limit
        )
    return Condition(
        kind="limit",
        what=what,
        passed=value <= limit,
        reason=f"{what} {value:.2f} {unit}, at most {limit:g} {unit}",
        value=value,
        limit=limit,
    )
