"""Drift of the input: the newest period against those before, by the data set's own past."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.monitoring import distances
from onstage.monitoring.config import DriftConfig
from onstage.monitoring.periods import Periods
from onstage.monitoring.statistics import DISTRIBUTIONS, NUMBERS, PROPORTIONS, SHARES, Values


Measure = Literal["change", "h", "psi", "ks", "js"]
Distance = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


class Finding(BaseModel):
    """One statistic of the newest period."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """What was looked at, e.g. ``repeat_share``."""
    measure: Measure
    """How distances are measured."""
    distance: float | None
    """Distance of the newest period from the periods before; None where it is not finite (something
    appeared that never was), or could not be measured."""
    limit: float
    """What it must be above, whatever the past was."""
    ordinary: float | None
    """What it must be above too: mean + sigmas standard deviations of the past distances."""
    past: int
    """Past distances that were looked at."""
    now: float | None = None
    """Of a number: its value in the newest period."""
    usual: float | None = None
    """Of a number: its mean over the reference."""
    judged: bool
    """Whether there was enough to judge by."""
    drifted: bool
    """Whether the distance is above both."""

    @property
    def sentence(self) -> str:
        """In a few words, with the numbers."""
        if not self.judged or self.ordinary is None:
            return f"{self.name} ({self.measure}): not judged"
        away = "without end" if self.distance is None else f"{self.distance:.3f}"
        from_to = ""
        if self.now is not None and self.usual is not None:
            from_to = f" {self.now:.4g} instead of {self.usual:.4g},"
        return (
            f"{self.name}:{from_to} {self.measure} {away}, ordinary up to "
            f"{self.ordinary:.3f}, limit {self.limit:.3f}"
        )


class Arriving(BaseModel):
    """What was found in the newest period."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    starts: str
    """First instant of the newest period."""
    ends: str
    """Last instant of it, which is the log's."""
    rows: int
    """Rows that arrived in it."""
    findings: tuple[Finding, ...]
    """One a statistic and measure."""
    why_not: str = ""
    """Why nothing was judged; empty where something was."""

    @property
    def drifted(self) -> tuple[Finding, ...]:
        """Those that drifted."""
        return tuple(one for one in self.findings if one.drifted)


def arriving(data: Dataset, index: AvailabilityIndex, config: DriftConfig) -> Arriving:
    """Hold the newest period of a log against the periods before it.

    For every statistic the distance of a period from the `reference_periods` before it is taken: of
    the newest, and of up to `past_periods` earlier ones from theirs. It drifted if its distance is
    above the measure's limit and above mean + `sigmas` standard deviations of the earlier ones.

    Parameters
    ----------
    data
        The accepted log.
    index
        Who was live when.

    References
    ----------
    Shewhart, "Economic Control of Quality of Manufactured Product", 1931, for limits of three
    standard deviations from a process's own past; the measures' sources stand in
    :mod:`onstage.monitoring.distances`.
    """
    if len(data) == 0:
        return Arriving(starts="", ends="", rows=0, findings=(), why_not="the log has no rows")
    length = max(1, round(data.clock.span(days=config.period_days)))
    periods = Periods(data, index, length)
    starts, ends = periods.span(0)
    past = min(config.past_periods, periods.count - 1 - config.reference_periods)
    newest = len(periods.rows(0)) if periods.count else len(data)
    why = _too_little(periods, config, past, newest)
    findings = () if why else tuple(_findings(periods, config, past))
    return Arriving(
        starts=data.clock.render(starts),
        ends=data.clock.render(ends),
        rows=newest,
        findings=findings,
        why_not=why,
    )


def _too_little(periods: Periods, config: DriftConfig, past: int, newest: int) -> str:
    if past < config.least_past:
        needed = 1 + config.reference_periods + config.least_past
        return f"the log has {periods.count} whole periods, {needed} are needed"
    if newest < config.least_rows:
        return f"the newest period has {newest} rows, {config.least_rows} are needed"
    return ""


def _findings(periods: Periods, config: DriftConfig, past: int) -> list[Finding]:
    found = []
    for name, number in {**NUMBERS, **PROPORTIONS}.items():
        if name == "items_live" and periods.index.always:
            continue
        values = [number(periods, n) for n in range(past + 1 + config.reference_periods)]
        usual = [_before(values, n, config) for n in range(past + 1)]
        share = name in PROPORTIONS
        measure = distances.h if share else distances.change
        away = [measure(values[n], usual[n]) for n in range(past + 1)]
        limit = config.h if share else math.log1p(config.change)
        kind: Measure = "h" if share else "change"
        found.append(_judged(name, kind, away, limit, config, (values[0], usual[0])))
    for name, values_of in DISTRIBUTIONS.items():
        if values_of(periods, periods.rows(0)) is None:
            continue
        away = _distances(periods, config, past, values_of, distances.psi)
        found.append(_judged(name, "psi", away, config.psi, config))
        away = _distances(periods, config, past, values_of, distances.ks)
        found.append(_judged(name, "ks", away, config.ks, config))
    for name, counts_of in SHARES.items():
        if name == "hour_of_day" and config.period_days < 1:
            continue  # a part of a day has other hours than the part before
        away = _distances(periods, config, past, counts_of, distances.js)
        found.append(_judged(name, "js", away, config.js, config))
    return found


def _before(values: Sequence[float], number: int, config: DriftConfig) -> float:
    """Mean over the reference of a period."""
    return float(np.mean(values[number + 1 : number + 1 + config.reference_periods]))


def _distances(
    periods: Periods, config: DriftConfig, past: int, of: Values, measure: Distance
) -> list[float]:
    """Distance of the newest period and of `past` earlier ones; ``nan`` with too few rows."""
    found = []
    for number in range(past + 1):
        mine = periods.rows(number)
        theirs = periods.rows(number + 1, number + config.reference_periods)
        sample, reference = of(periods, mine), of(periods, theirs)
        enough = min(len(mine), len(theirs)) >= config.least_rows
        if enough and sample is not None and reference is not None:
            found.append(measure(reference, sample))
        else:
            found.append(math.nan)
    return found


def _judged(
    name: str,
    measure: Measure,
    away: Sequence[float],
    limit: float,
    config: DriftConfig,
    values: tuple[float, float] | None = None,
) -> Finding:
    """One statistic's verdict from its distances, the newest first."""
    newest = away[0]
    past = [one for one in away[1:] if math.isfinite(one)]
    judged = len(past) >= config.least_past and not math.isnan(newest)
    ordinary = None
    if len(past) >= config.least_past:
        ordinary = float(np.mean(past) + config.sigmas * np.std(past, ddof=1))
    now, usual = values or (None, None)
    return Finding(
        name=name,
        measure=measure,
        distance=newest if math.isfinite(newest) else None,
        limit=limit,
        ordinary=ordinary,
        past=len(past),
        now=now,
        usual=usual,
        judged=judged,
        drifted=judged and newest > limit and ordinary is not None and newest > ordinary,
    )
