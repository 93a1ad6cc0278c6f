"""Rows of datasets, compared with each other and named for people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.evaluation.leaks.finding import SHOWN
from onstage.splitting.holdout import Holdout
from onstage.types import Positions


def frame(log: Dataset, rows: NDArray[np.bool_] | Positions) -> pd.DataFrame:
    """The rows of a log at `rows`, one column a field; their numbers are the index."""
    number = np.arange(len(log))[rows]
    ends = log.time if log.ends is None else log.ends
    columns: dict[str, NDArray[Any]] = {
        "user": log.user[number],
        "item": log.item[number],
        "time": log.time[number],
        "weight": log.weight[number],
        "ends": ends[number],
    }
    return pd.DataFrame(columns, index=number)


def asked_pairs(holdout: Holdout) -> Positions:
    """Every (user, item) that is asked for, as ``user * n_items + item``, in order of events."""
    user = np.repeat(holdout.requests.users, np.diff(holdout.relevant_indptr))
    return np.asarray(user * holdout.train.n_items + holdout.relevant)


def among(log: Dataset, pairs: Positions) -> NDArray[np.bool_]:
    """Which rows of `log` are of one of the `pairs`, shape (len(log),)."""
    return np.isin(log.user * log.n_items + log.item, pairs)


def excess(rows: pd.DataFrame, other: pd.DataFrame) -> pd.Index:
    """Index labels of `rows` that `other` does not have, or has less often."""
    fields = list(rows.columns)
    turn = rows.groupby(fields).cumcount()
    known = set(zip(*(other[f] for f in fields), other.groupby(fields).cumcount(), strict=True))
    mine = zip(*(rows[f] for f in fields), turn, strict=True)
    return rows.index[[row not in known for row in mine]]


def named(log: Dataset, rows: Sequence[int] | NDArray[np.int64]) -> tuple[str, ...]:
    """The first few rows for people: user, item and time."""
    return tuple(
        f"user {log.users[log.user[r]]}, item {log.items[log.item[r]]}, "
        f"{log.clock.render(int(log.time[r]))}"
        for r in rows[:SHOWN]
    )


def pairs_named(log: Dataset, pairs: Positions) -> tuple[str, ...]:
    """The first few pairs for people: user and item."""
    return tuple(
        f"user {log.users[pair // log.n_items]}, item {log.items[pair % log.n_items]}"
        for pair in pairs[:SHOWN]
    )
