"""From the per-event table to the rows of a leaderboard."""

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.bootstrap import interval, resampled_means
from onstage.evaluation.evaluate import ALL, KEYS, N_RELEVANT, REPEAT, EventTable
from onstage.metrics.catalog import ALIASES, LIST_DEPTH, REPEAT_SHARE, SUMMED
from onstage.seeds import generator


def summarise(
    events: EventTable,
    model: str,
    protocol: str,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Average every metric over the events of every group.

    Parameters
    ----------
    events
        See :data:`onstage.evaluation.evaluate.EventTable`.
    model, protocol
        Names to put into the rows.
    confidence
        Level of the interval, a bootstrap over users.
    resamples
        0 leaves the intervals out (``nan``): enough for a sweep's objective.
    seed
        The run's one seed.

    Returns
    -------
    pandas.DataFrame
        ``model, protocol, group, metric, value, low, high, n``; `n` is the number of events with
        a value. A metric without a value in any event of a group has no row there. Coverage and
        the Gini coefficient are sums, not means, and have no interval (``nan``): resampling
        repeats users and so always covers less. ``repeat_share_at_10`` (group ``all``) is a ratio
        of sums: of the relevant items within depth 10, the share that the user had before; no
        interval.
    """
    parts = [
        _group(str(group), part, confidence, resamples, seed)
        for group, part in events.groupby(Columns.GROUP, sort=False)
    ]
    if not parts:
        message = "events: the table has no rows; evaluate a holdout with at least one event"
        raise ContractError(message)
    if f"recall_at_{LIST_DEPTH}" in events and (events[Columns.GROUP] == ALL).any():
        parts.append(_repeat_share(events))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, Columns.MODEL, model)
    table.insert(1, Columns.PROTOCOL, protocol)
    return table


def repeat_share(events: EventTable) -> float:
    """Of all hits (relevant items within depth 10), the share that are repeats; ``nan`` without."""
    hits = events[f"recall_at_{LIST_DEPTH}"] * events[N_RELEVANT]
    total = float(hits[events[Columns.GROUP] == ALL].sum())
    repeated = float(hits[events[Columns.GROUP] == REPEAT].sum())
    return repeated / total if total else float("nan")


def value_of(events: EventTable, metric: str, group: str = ALL) -> float:
    """Mean of one metric over one group's events: what a sweep maximises.

    ``nan`` if no event of the group has a value.

    Raises
    ------
    ContractError
        If the table has no such metric or group.
    """
    metric = ALIASES.get(metric, metric)
    if metric not in events.columns or metric in KEYS:
        known = ", ".join(metrics_in(events))
        message = f"events: no metric {metric!r}; there are {known}"
        raise ContractError(message)
    values = events.loc[events[Columns.GROUP] == group, metric]
    if len(values) == 0:
        groups = ", ".join(map(str, events[Columns.GROUP].unique()))
        message = f"events: no group {group!r}; there are {groups}"
        raise ContractError(message)
    return float(values.sum(min_count=1) if metric in SUMMED else values.mean())


def metrics_in(events: EventTable) -> list[str]:
    """Keys of the metrics in a per-event table, in its order."""
    return [str(column) for column in events.columns if column not in KEYS]


def _repeat_share(events: EventTable) -> pd.DataFrame:
    row = {
        Columns.GROUP: ALL,
        Columns.METRIC: REPEAT_SHARE,
        Columns.VALUE: repeat_share(events),
        Columns.LOW: np.nan,
        Columns.HIGH: np.nan,
        "n": int((events[Columns.GROUP] == ALL).sum()),
    }
    return pd.DataFrame([row])


def _group(
    group: str, events: EventTable, confidence: float, resamples: int, seed: int
) -> pd.DataFrame:
    metrics = [metric for metric in metrics_in(events) if events[metric].notna().any()]
    averaged = [metric for metric in metrics if metric not in SUMMED]
    values = events[averaged].to_numpy(dtype=np.float64)
    users = pd.factorize(events[Columns.USER])[0].astype(np.int64)
    rng = generator(seed, "summary", group)
    low, high = interval(resampled_means(users, values, resamples, rng), confidence)
    table = pd.DataFrame(
        {
            Columns.GROUP: group,
            Columns.METRIC: averaged,
            Columns.VALUE: np.nanmean(values, axis=0),
            Columns.LOW: low,
            Columns.HIGH: high,
            "n": np.isfinite(values).sum(axis=0),
        }
    )
    sums = [metric for metric in metrics if metric in SUMMED]
    whole = pd.DataFrame(
        {
            Columns.GROUP: group,
            Columns.METRIC: sums,
            Columns.VALUE: [value_of(events, metric, group) for metric in sums],
            Columns.LOW: np.nan,
            Columns.HIGH: np.nan,
            "n": len(events),
        }
    )
    return pd.concat([table, whole], ignore_index=True) if sums else table
