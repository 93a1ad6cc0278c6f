"""One recipe under several seeds: metrics averaged event by event, and how far the seeds differ."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from onstage.columns import Columns
from onstage.errors import ContractError
from onstage.evaluation.evaluate import EventTable
from onstage.evaluation.summary import metrics_in, summarise


SEED: Final = "seed"
SEEDS: Final = "seeds"
SPREAD: Final = "spread"


def averaged(tables: Sequence[EventTable]) -> EventTable:
    """Average each event's metrics over the tables of several seeds.

    Identity columns are those of the first table. What is undefined under one seed stays so.

    Raises
    ------
    ContractError
        If the tables are about different events.
    """
    first = tables[0]
    keys = ["event", Columns.USER, Columns.GROUP]
    if any(not first[keys].equals(other[keys]) for other in tables[1:]):
        message = "seeds: the tables are about different events; evaluate them on one holdout"
        raise ContractError(message)
    metrics = metrics_in(first)
    values = np.mean([table[metrics].to_numpy(dtype=np.float64) for table in tables], axis=0)
    return first.assign(**dict(zip(metrics, values.T, strict=True)))


def by_seed(tables: Sequence[EventTable], seeds: Sequence[int]) -> pd.DataFrame:
    """Every metric's value under every seed: ``seed, group, metric, value``."""
    columns = [Columns.GROUP, Columns.METRIC, Columns.VALUE]
    rows = [
        summarise(table, "", "", resamples=0)[columns].assign(**{SEED: seed})
        for table, seed in zip(tables, seeds, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)[[SEED, *columns]]


def spread(values: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation between seeds (n - 1), and their number, for each group and metric.

    Parameters
    ----------
    values
        See :func:`by_seed`. One seed has no spread (``nan``).
    """
    grouped = values.groupby([Columns.GROUP, Columns.METRIC], sort=False)[Columns.VALUE]
    return pd.DataFrame({SPREAD: grouped.std(), SEEDS: grouped.size()}).reset_index()
