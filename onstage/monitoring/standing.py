"""Drift of the champion: its newest result against its own earlier ones, with an interval."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from onstage.monitoring.config import ChampionDriftConfig


BOTH_SIDES: Final = 2
LOGGED_LEVEL: Final = 0.95
"""Level of the intervals that results come with."""


class Result(BaseModel):
    """What a recipe reached on one test part."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    recipe: str
    """Digest of algorithm and hyperparameters."""
    asked: str
    """Digest of protocol, metric and group: results about anything else are not compared."""
    until: int
    """Tick of the newest row of the log that was asked about."""
    value: float
    low: float
    high: float
    """Ends of the 95 % interval, a bootstrap over users."""
    events: int

    @property
    def error(self) -> float:
        """Standard error, read off the interval; 0 where it has none."""
        width = self.high - self.low
        return width / (BOTH_SIDES * _quantile(LOGGED_LEVEL)) if math.isfinite(width) else 0.0


class Standing(BaseModel):
    """The champion's newest result beside its usual one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model: str
    """Its name on the leaderboard."""
    version: str
    """Its version in the registry."""
    metric: str
    now: float
    """What its recipe reached on the newest test part, fitted on what was before."""
    now_low: float
    now_high: float
    """Ends of its 95 % interval."""
    usual: float | None
    """Mean of its earlier results; None where it has none."""
    change: float | None
    """``now - usual``."""
    low: float | None
    high: float | None
    """Ends of the interval of `change`."""
    tolerated: float | None
    """The interval must lie below this (0 or less)."""
    results: int
    """Earlier results."""
    drifted: bool
    """Whether the drop is established."""

    @property
    def sentence(self) -> str:
        """On one line."""
        said = f"champion v{self.version} {self.model}: {self.metric} {self.now:.4f}"
        said += f" [{self.now_low:.4f}, {self.now_high:.4f}]"
        if self.usual is None or self.change is None or self.low is None or self.high is None:
            return f"{said}, no earlier result of this recipe to hold it against"
        return (
            f"{said}, {self.change:+.4f} [{self.low:+.4f}, {self.high:+.4f}] against "
            f"{self.usual:.4f}, the mean of its last {self.results}"
            f"{'' if self.tolerated is None else f', tolerated {self.tolerated:+.4f}'}"
        )


def standing(
    now: Result,
    earlier: Sequence[Result],
    config: ChampionDriftConfig,
    *,
    model: str,
    version: str,
    metric: str,
) -> Standing:
    """Say whether `now` is worse than the recipe's own earlier results.

    The change is the newest value minus the mean of the newest `results` earlier ones. Its variance
    is that of the newest value, that of the mean, and what lies between one night and another: the
    variance of the earlier values beyond what their own errors explain, not below 0 (the moment
    estimator of random-effects models). It drifted if the whole interval lies below what is
    tolerated.

    Parameters
    ----------
    earlier
        Of any recipe and question, in any order: only the same recipe's, asked the same, of logs
        that end before `now`'s count. Test parts that overlap make the interval too narrow.

    References
    ----------
    DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 1986, for
    the variance between; here with equal weights.
    """
    mine = [
        one
        for one in earlier
        if (one.recipe, one.asked) == (now.recipe, now.asked) and one.until < now.until
    ]
    mine = sorted(mine, key=lambda one: one.until)[-config.results :]
    told: dict[str, Any] = {
        "model": model,
        "version": version,
        "metric": metric,
        "now": now.value,
        "now_low": now.low,
        "now_high": now.high,
    }
    if not mine:
        return Standing(
            **told, usual=None, change=None, low=None, high=None, tolerated=None, results=0,
            drifted=False,
        )  # fmt: skip
    values = np.array([one.value for one in mine])
    errors = np.array([one.error for one in mine])
    usual, n = float(values.mean()), len(mine)
    between = max(0.0, float(values.var(ddof=1) - (errors**2).mean())) if n > 1 else 0.0
    variance = now.error**2 + float((errors**2).sum()) / n**2 + between * (1 + 1 / n)
    half = _quantile(config.confidence) * math.sqrt(variance)
    change, tolerated = now.value - usual, -config.max_drop * abs(usual)
    return Standing(
        **told,
        usual=usual,
        change=change,
        low=change - half,
        high=change + half,
        tolerated=tolerated,
        results=n,
        drifted=change + half < tolerated,
    )


def _quantile(level: float) -> float:
    """Of the normal distribution, two-sided: 1.96 at 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)
