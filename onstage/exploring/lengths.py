"""How long a watch lasts, as it is and as its logarithm."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.exploring.exhibit import UNTOLD, Absent, Exhibit, Sheet
from onstage.exploring.tables import Tables
from onstage.exploring.wording import count, duration, number, percent


BINS: Final = 60
SKEWED, PEAKED = 1.0, 3.0
"""Beyond these, skewness and excess kurtosis are called heavy."""


@dataclass(frozen=True)
class Shape:
    """The distribution of one quantity, over its values.

    Attributes
    ----------
    skewness, kurtosis
        Corrected for small samples, as pandas computes them; kurtosis is 0 for a normal
        distribution. nan where undefined: fewer than 3 (4) values, or all alike.
    edges, heights : ndarray, shapes (n_bins + 1,) and (n_bins,)
        A histogram. Of the raw durations it ends at the 99th percentile.
    """

    n: int
    mean: float
    deviation: float
    least: float
    quarter: float
    median: float
    three_quarters: float
    percentile_99: float
    most: float
    skewness: float
    kurtosis: float
    edges: NDArray[np.float64] = field(metadata=UNTOLD)
    heights: NDArray[np.int64] = field(metadata=UNTOLD)

    def told(self) -> dict[str, float | int | None]:
        """The numbers without the histogram; None for nan."""
        names = [n for n, f in self.__dataclass_fields__.items() if f.metadata.get("told", True)]
        values = {name: getattr(self, name) for name in names}
        return {name: v if math.isfinite(v) else None for name, v in values.items()}


@dataclass(frozen=True, kw_only=True)
class Lengths(Exhibit):
    """Watch durations in seconds, and the natural logarithm of the positive ones.

    Attributes
    ----------
    log
        None where no duration is positive.
    rows, unknown, not_positive
        Rows of the log; those without a duration; those of 0 seconds or less, which have no
        logarithm.
    """

    key: str = "watch_duration"
    title: str = "Watch duration"
    raw: Shape = field(metadata=UNTOLD)
    log: Shape | None = field(metadata=UNTOLD)
    rows: int
    unknown: int
    not_positive: int

    @property
    @override
    def sentence(self) -> str:
        raw = self.raw
        if raw.least == raw.most:
            return (
                f"Every watch lasts {duration(raw.most)}, so skewness and kurtosis are undefined."
            )
        return (
            f"Half of the watches last {duration(raw.median)} or less, their mean is "
            f"{duration(raw.mean)} and the longest {duration(raw.most)}. "
            f"{_verdict(raw, 'Durations')}{self._after_the_log()}"
        )

    def _after_the_log(self) -> str:
        if self.log is None or math.isnan(self.log.skewness):
            return "."
        return (
            f"; their logarithms have a skewness of {number(self.log.skewness)} and a kurtosis of "
            f"{number(self.log.kurtosis)}."
        )

    @property
    @override
    def sheets(self) -> tuple[Sheet, ...]:
        raw, log = self.raw, self.log
        names = ("n", "mean", "deviation", "least", "quarter", "median", "three_quarters")
        rows = []
        for name in (*names, "percentile_99", "most", "skewness", "kurtosis"):
            mine, theirs = getattr(raw, name), None if log is None else getattr(log, name)
            text = count if name == "n" else number
            row = (name.replace("_", " "), text(mine), "-" if theirs is None else text(theirs))
            rows.append(row)
        header = ("watches", "seconds", "ln(seconds)")
        return (Sheet("Watch duration", header, tuple(rows)),)

    @override
    def facts(self) -> dict[str, object]:
        log = None if self.log is None else self.log.told()
        return {**super().facts(), "seconds": self.raw.told(), "log_seconds": log}


def lengths(tables: Tables) -> Lengths | Absent:
    """Describe the durations of the log's rows."""
    key, title = "watch_duration", "Watch duration"
    needed = ("interactions.duration_seconds or interactions.ends_at",)
    if not tables.has("log", "seconds"):
        assumed = "ends are assumed by the configuration (ends_after), not measured"
        why = assumed if tables.assumed else "no row says how long a watch lasted"
        return Absent(key, title, needed, why)
    known, low = tables.row("SELECT count(seconds), count_if(seconds <= 0) FROM log")
    if not known:
        return Absent(key, title, needed, "no row has a value")
    rows = tables.rows["log"]
    notes = [f"{percent((rows - known) / rows)} of the rows have no duration"] * (known < rows)
    if low:
        notes.append(
            f"{count(low)} durations are 0 or negative; they have no logarithm and are left out "
            "of the right-hand figure"
        )
    raw = _shape(tables, "seconds", "seconds IS NOT NULL", clip=True)
    log = _shape(tables, "ln(seconds)", "seconds > 0", clip=False) if low < known else None
    above = int(raw.n - raw.heights.sum())
    if above:
        notes.append(
            f"the left-hand figure ends at the 99th percentile; {count(above)} watches are longer"
        )
    return Lengths(
        raw=raw,
        log=log,
        rows=rows,
        unknown=rows - known,
        not_positive=low,
        notes=tuple(notes),
    )


def _verdict(shape: Shape, what: str) -> str:
    skewness, kurtosis = shape.skewness, shape.kurtosis
    if math.isnan(skewness):
        return f"{what} are too few for a skewness"
    side = "right" if skewness > 0 else "left"
    skew = f"heavily skewed to the {side}" if abs(skewness) > SKEWED else "hardly skewed"
    tail = "far heavier tails" if kurtosis > PEAKED else "no far heavier tails"
    return (
        f"{what} are {skew} (skewness {number(skewness)}), with {tail} than a normal "
        f"distribution (kurtosis {number(kurtosis)})"
    )


def _shape(tables: Tables, value: str, where: str, *, clip: bool) -> Shape:
    rows = f"(SELECT {value} AS v FROM log WHERE {where})"
    quantiles = "quantile_cont(v, [0.25, 0.5, 0.75, 0.99])"
    with tables.in_order():
        n, mean, deviation, least, most, skewness, kurtosis, quarters = tables.row(
            "SELECT count(v), avg(v), stddev_samp(v), min(v), max(v), skewness(v), kurtosis(v), "
            f"{quantiles} FROM {rows}"
        )
    alike = least == most
    low, high = (min(least, 0.0), quarters[3]) if clip else (least, most)
    high = high if high > low else low + 1.0
    width = (high - low) / BINS
    found = tables.frame(
        f"SELECT least(CAST(floor((v - {low!r}) / {width!r}) AS BIGINT), {BINS - 1}) AS bin, "
        f"count(*) AS n FROM {rows} WHERE v <= {high!r} GROUP BY bin ORDER BY bin"
    )
    heights = np.bincount(found["bin"], found["n"], minlength=BINS).astype(np.int64)
    return Shape(
        n=n,
        mean=mean,
        deviation=0.0 if alike else deviation,
        least=least,
        quarter=quarters[0],
        median=quarters[1],
        three_quarters=quarters[2],
        percentile_99=quarters[3],
        most=most,
        skewness=_defined(skewness, alike=alike),
        kurtosis=_defined(kurtosis, alike=alike),
        edges=np.linspace(low, high, BINS + 1),
        heights=heights,
    )


def _defined(value: float | None, *, alike: bool) -> float:
    return math.nan if alike or value is None else value
