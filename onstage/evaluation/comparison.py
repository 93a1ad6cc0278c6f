"""Whether one model is better than another on the same events."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.bootstrap import interval, resampled_means
from onstage.evaluation.evaluate import ALL, EVENT, KEYS, N_CANDIDATES, N_RELEVANT, EventTable
from onstage.metrics.catalog import ALIASES, SUMMED
from onstage.seeds import generator


IDENTITY = (EVENT, Columns.USER, Columns.TIME, N_RELEVANT, N_CANDIDATES)
"""What must agree for two rows to be about the same event."""


@dataclass(frozen=True)
class Difference:
    """By how much `a` is better than `b`, with what certainty.

    Attributes
    ----------
    mean
        Mean over events of ``a - b``; above 0, `a` is better.
    low, high
        Paired bootstrap interval over users.
    n_events, n_users
        How many were compared.
    p
        Two-sided bootstrap p-value of no difference, at least ``2 / (resamples + 1)``.
    """

    mean: float
    low: float
    high: float
    n_events: int
    n_users: int
    p: float


def compare(  # noqa: PLR0913  # two tables, what of them, and how sure
    a: EventTable,
    b: EventTable,
    metric: str = "ndcg_at_10",
    group: str = ALL,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Compare two models event by event: a paired bootstrap over users.

    Events in which either has no value (``nan``) are left out.

    Parameters
    ----------
    a, b
        Per-event tables of the same holdout, rows in any order.
    metric, group
        What to compare, e.g. ``"ndcg_at_10"`` and ``"unseen"``.
    confidence
        Level of the percentile interval.
    resamples
        Number of bootstrap samples, at least 1.
    seed
        The run's one seed.

    Raises
    ------
    ContractError
        If the tables are about different events, or lack the metric or the group.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 16; users are
    the resampled units because a user's events hang together.
    """
    if resamples < 1:
        message = f"resamples must be at least 1, got {resamples}"
        raise ValueError(message)
    metric = ALIASES.get(metric, metric)
    pair = _paired(values_of(a, "a", metric, group), values_of(b, "b", metric, group), group)
    gain = pair[f"{metric}_a"].to_numpy() - pair[f"{metric}_b"].to_numpy()
    users, unique = pd.factorize(pair[Columns.USER])
    rng = generator(seed, "compare", metric, group)
    means = resampled_means(users.astype(np.int64), gain[:, None], resamples, rng)
    low, high = interval(means, confidence)
    return Difference(
        mean=float(np.nanmean(gain)),
        low=float(low[0]),
        high=float(high[0]),
        n_events=int(np.isfinite(gain).sum()),
        n_users=len(unique),
        p=two_sided(means),
    )


def two_sided(drawn: NDArray[np.float64]) -> float:
    """Bootstrap p-value of no difference, at least ``2 / (resamples + 1)``."""
    one_side = min((drawn <= 0).sum(), (drawn >= 0).sum())
    return float(min(1.0, 2 * (one_side + 1) / (len(drawn) + 1)))


def values_of(events: EventTable, name: str, metric: str, group: str) -> pd.DataFrame:
    """One metric of one group's events, with what identifies them, sorted by event.

    Raises
    ------
    ContractError
        If `name`'s table lacks the metric or the group, or the metric is ``nan`` in all of it.
    """
    if metric not in events.columns or metric in KEYS or metric in SUMMED:
        message = f"comparison: {name} has no per-event metric {metric!r}; choose e.g. ndcg_at_10"
        raise ContractError(message)
    chosen = events.loc[events[Columns.GROUP] == group]
    if chosen[metric].isna().all():
        message = f"comparison: {name} has no {metric} in group {group!r}; choose another group"
        raise ContractError(message)
    return chosen[[*IDENTITY, metric]].sort_values(EVENT).reset_index(drop=True)


def _paired(a: pd.DataFrame, b: pd.DataFrame, group: str) -> pd.DataFrame:
    keys = list(IDENTITY)
    if len(a) != len(b) or not a[keys].equals(b[keys]):
        message = (
            f"comparison: a has {len(a)} and b has {len(b)} events of group {group!r}, not the "
            "same ones; evaluate both models on the same holdout"
        )
        raise ContractError(message)
    metric = str(a.columns[-1])
    pair = a.rename(columns={metric: f"{metric}_a"}).assign(**{f"{metric}_b": b[metric]})
    return defined(pair, pair[[f"{metric}_a", f"{metric}_b"]].notna().all(axis=1), metric, group)


def defined(events: pd.DataFrame, kept: "pd.Series[bool]", metric: str, group: str) -> pd.DataFrame:
    """The events where every model has a value: some lists are too short for a metric of lists.

    Raises
    ------
    ContractError
        If there is no such event.
    """
    if not kept.any():
        message = f"comparison: in no event of group {group!r} do all models have a {metric}"
        raise ContractError(message)
    return events[kept].reset_index(drop=True)
