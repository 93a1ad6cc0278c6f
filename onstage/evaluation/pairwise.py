"""All models against all, on the same events: one draw of users for every pair."""

import math
from collections.abc import Mapping
from itertools import combinations
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.bootstrap import interval, resampled_means
from onstage.evaluation.comparison import IDENTITY, defined, two_sided, values_of
from onstage.evaluation.evaluate import ALL, EventTable
from onstage.seeds import generator
from onstage.types import Positions


POWER: Final = 0.8
"""Chance to see the margin that :func:`events_needed` asks for."""


def compare_all(  # noqa: PLR0913  # the tables, what of them, and how sure
    tables: Mapping[str, EventTable],
    metric: str = "ndcg_at_10",
    group: str = ALL,
    *,
    block: pd.Timedelta | int | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every pair of models by one paired bootstrap.

    Parameters
    ----------
    tables
        Name to per-event table of one holdout; two or more.
    metric, group
        What to compare.
    block
        None resamples users. A length in the log's own time (a duration, or steps) resamples blocks
        of time instead: events of one evening hang together too.
    margin
        Difference that should be seen, for `events_needed`; the observed one by default.
    confidence, resamples, seed
        As in :func:`onstage.evaluation.comparison.compare`.

    Returns
    -------
    pandas.DataFrame
        One row a pair, `a` the better one, in the order of the means: ``a, b, mean, low, high, p,
        p_holm, effect, wins, losses, n_events, n_units, events_needed``. ``p_holm`` is corrected
        for the number of pairs; ``effect`` is Cohen's d of paired values, the mean over its
        standard deviation between units; ``wins`` and ``losses`` are shares of events where `a` is
        above, and below, `b`; the rest are ties. Where the standard deviation is 0, ``effect`` is 0
        for equal means and infinite for others.

    Raises
    ------
    ContractError
        With fewer than two tables, about different events, without the metric or the group, or
        with one block of time only.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 1979. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, 2.3.5.
    """
    names, values, events = _aligned(tables, metric, group)
    units = _units(events, block)
    n_units = int(units.max()) + 1
    rng = generator(seed, "compare-all", metric, group)
    draws = resampled_means(units, values, resamples, rng)
    order = np.argsort(-values.mean(axis=0), kind="stable")
    rows = []
    for a, b in combinations(order, 2):
        gain, drawn = values[:, a] - values[:, b], draws[:, a] - draws[:, b]
        low, high = interval(drawn[:, None], confidence)
        spread = float(drawn.std(ddof=1)) if resamples > 1 else math.nan
        wanted = abs(float(gain.mean())) if margin is None else margin
        rows.append(
            {
                "a": names[a],
                "b": names[b],
                "mean": float(gain.mean()),
                "low": float(low[0]),
                "high": float(high[0]),
                "p": two_sided(drawn),
                "effect": _effect(gain, units, n_units),
                "wins": float((gain > 0).mean()),
                "losses": float((gain < 0).mean()),
                "n_events": len(gain),
                "n_units": n_units,
                "events_needed": events_needed(len(gain), spread, wanted, confidence),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(6, "p_holm", holm(table["p"].to_numpy(dtype=np.float64)))
    return table


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's step-down correction: p-values that may all be held against one level."""
    order = np.argsort(p, kind="stable")
    raised = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return corrected


def events_needed(n_events: int, spread: float, margin: float, confidence: float) -> float:
    r"""How many events would show a difference of `margin` with a chance of :data:`POWER`.

    Parameters
    ----------
    n_events
        Events that were compared.
    spread
        Standard error of the mean difference on them. It falls with the square root of their
        number if more users come, each with as many events.
    margin
        Difference that should be seen; ``inf`` is the answer for 0.
    confidence
        Level of the interval that must lie above 0.

    Notes
    -----
    :math:`n \, ((z_{1 - \alpha / 2} + z_{power}) \, s / \delta)^2`, the normal approximation.
    """
    if margin == 0:
        return math.inf
    normal = NormalDist()
    z = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(POWER)
    return float(math.ceil(n_events * (z * spread / margin) ** 2)) if spread > 0 else 0.0


def letters(pairs: pd.DataFrame, level: float = 0.05) -> dict[str, str]:
    """Letters for a table: two models that share one do not differ significantly.

    Parameters
    ----------
    pairs
        As :func:`compare_all` gives them.
    level
        ``p_holm`` below it is a difference.

    References
    ----------
    Piepho, "An Algorithm for a Letter-Based Representation of All-Pairwise Comparisons", JCGS 2004.
    """
    names = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    columns = [set(names)]
    for a, b in pairs.loc[pairs["p_holm"] < level, ["a", "b"]].itertuples(index=False):
        split = [c - {gone} for c in columns if {a, b} <= c for gone in (a, b)]
        columns = _largest([c for c in columns if not {a, b} <= c] + split)
    columns.sort(key=lambda column: sorted(names.index(name) for name in column))
    return {
        name: "".join(_letter(i) for i, column in enumerate(columns) if name in column)
        for name in names
    }


def _letter(number: int) -> str:
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")  # noqa: PLR2004


def _largest(columns: list[set[str]]) -> list[set[str]]:
    """Without the sets that another one contains."""
    kept: list[set[str]] = []
    for column in sorted(columns, key=len, reverse=True):
        if not any(column <= other for other in kept):
            kept.append(column)
    return kept


def _aligned(
    tables: Mapping[str, EventTable], metric: str, group: str
) -> tuple[list[str], NDArray[np.float64], pd.DataFrame]:
    """Values of all models, shape (n_events, n_models), and the events they are about."""
    if len(tables) < 2:  # noqa: PLR2004  # a pair
        message = f"comparison: {len(tables)} model given; two or more are compared"
        raise ContractError(message)
    names = list(tables)
    parts = {name: values_of(table, name, metric, group) for name, table in tables.items()}
    first, keys = parts[names[0]], list(IDENTITY)
    for name, part in parts.items():
        if len(part) != len(first) or not part[keys].equals(first[keys]):
            message = (
                f"comparison: {names[0]} has {len(first)} and {name} has {len(part)} events of "
                f"group {group!r}, not the same ones; evaluate both models on the same holdout"
            )
            raise ContractError(message)
    values = np.column_stack([part[metric].to_numpy(dtype=np.float64) for part in parts.values()])
    known = ~np.isnan(values).any(axis=1)
    events = defined(first[keys], pd.Series(known, index=first.index), metric, group)
    return names, values[known], events


def _units(events: pd.DataFrame, block: pd.Timedelta | int | None) -> Positions:
    if block is None:
        return np.asarray(pd.factorize(events[Columns.USER])[0], dtype=np.int64)
    time = events[Columns.TIME]
    since = time - time.min()
    units = np.asarray(pd.factorize(since // block)[0], dtype=np.int64)
    if units.max() == 0:
        message = f"comparison: all events lie in one block of {block}; use shorter ones, or users"
        raise ContractError(message)
    return units


def _effect(gain: NDArray[np.float64], units: Positions, n_units: int) -> float:
    """Mean over users of their mean gain, in its standard deviations."""
    each = np.bincount(units, weights=gain, minlength=n_units) / np.bincount(units)
    if n_units == 1:
        return math.nan
    mean, spread = float(each.mean()), float(each.std(ddof=1))
    if spread == 0:
        return 0.0 if mean == 0 else math.copysign(math.inf, mean)
    return mean / spread
