"""Metrics of stored lists: what was recommended and what was relevant, as two tables."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.contracts import ID_KINDS, NUMBER_KINDS, TableContract
from onstage.errors import ContractError
from onstage.metrics.catalog import DEPTHS, at_depths
from onstage.metrics.ranks import Ranks
from onstage.types import Positions


N_RELEVANT: Final = "n_relevant"

LISTS = TableContract(
    name="lists",
    required=MappingProxyType(
        {Columns.USER: ID_KINDS, Columns.ITEM: ID_KINDS, Columns.RANK: NUMBER_KINDS}
    ),
)
"""One row per user and recommended item, ranks from 1: what ``recommend`` writes."""

RELEVANT = TableContract(
    name="relevant", required=MappingProxyType({Columns.USER: ID_KINDS, Columns.ITEM: ID_KINDS})
)
"""One row per user and relevant item."""


def metrics_of_lists(
    lists: pd.DataFrame, relevant: pd.DataFrame, *, ks: Sequence[int] = DEPTHS
) -> pd.DataFrame:
    """Every metric with a depth, of lists that were made by anyone, without a model.

    Parameters
    ----------
    lists
        See :data:`LISTS`; more columns do no harm, rows in any order. Not modified.
    relevant
        See :data:`RELEVANT`. A pair that stands twice counts once. Not modified.
    ks
        Depths. A list shorter than one of them is used as it is.

    Returns
    -------
    pandas.DataFrame
        One row per user with a relevant item, ordered by user, indexed by ``user_id``:
        ``n_relevant`` and one column a metric (:data:`onstage.metrics.catalog.AT_K`). Its
        ``mean()`` is what is usually reported. A user with relevant items and no list has 0
        everywhere; users with a list and nothing relevant have no row.

    Raises
    ------
    ContractError
        If a table has another shape, nothing is relevant, a rank is below 1 or missing, or a
        list has a relevant item twice or two of them at one rank.

    Notes
    -----
    Ranks are those of the table: nothing is tied. The area under the curve needs the whole
    ranking, which lists are not. Time and memory are linear in the rows, but for one sort.
    """
    LISTS.check(lists)
    RELEVANT.check(relevant)
    if relevant.empty:
        message = "relevant: the table has no rows; give at least one user's relevant items"
        raise ContractError(message)
    user, users = pd.factorize(relevant[Columns.USER], sort=True)
    item, items = pd.factorize(relevant[Columns.ITEM])
    keys = np.sort(user * len(items) + item)
    wanted = keys[np.diff(keys, prepend=-1) > 0]  # each once
    event = wanted // len(items)
    rank = _ranks(lists, pd.Index(users), pd.Index(items), wanted)
    ranks = Ranks(event, _ascending(event, rank), np.zeros(len(users), dtype=np.int64))
    _refuse_shared(ranks, users)
    index = pd.Index(users, name=Columns.USER)
    return pd.DataFrame({N_RELEVANT: ranks.n_relevant, **at_depths(ranks, ks)}, index=index)


def _ranks(
    lists: pd.DataFrame, users: pd.Index, items: pd.Index, wanted: Positions
) -> NDArray[np.float64]:
    """Rank of each wanted (user, item) pair, ``inf`` where it was not recommended."""
    rank = lists[Columns.RANK].to_numpy(dtype=np.float64)
    if not (rank >= 1).all():
        message = f"lists.rank: {rank[~(rank >= 1)][0]} found; ranks count from 1"
        raise ContractError(message)
    user = users.get_indexer(pd.Index(lists[Columns.USER]))
    item = items.get_indexer(pd.Index(lists[Columns.ITEM]))
    known = np.flatnonzero((user >= 0) & (item >= 0))
    pairs = user[known] * len(items) + item[known]
    place = np.minimum(np.searchsorted(wanted, pairs), len(wanted) - 1)
    hit = np.flatnonzero(wanted[place] == pairs)
    twice = np.flatnonzero(np.bincount(place[hit], minlength=1) > 1)
    if len(twice):
        number = int(wanted[twice[0]])
        message = (
            f"lists: user {users[number // len(items)]!r} has item {items[number % len(items)]!r} "
            "twice; a list has each item once"
        )
        raise ContractError(message)
    found = np.full(len(wanted), np.inf)
    found[place[hit]] = rank[known[hit]]
    return found


def _ascending(event: Positions, rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks sorted within each event (ascending already), those of items not recommended last."""
    hit = np.flatnonzero(np.isfinite(rank))
    hit = hit[np.lexsort((rank[hit], event[hit]))]
    of, wanted = event[hit], np.bincount(event)
    found = np.bincount(of, minlength=len(wanted))
    turn = np.arange(len(hit)) - (np.cumsum(found) - found)[of]
    ordered = np.full(len(rank), np.inf)
    ordered[(np.cumsum(wanted) - wanted)[of] + turn] = rank[hit]
    return ordered


def _refuse_shared(ranks: Ranks, users: pd.Index | NDArray[Any]) -> None:
    """Two items at one rank are no list."""
    event, rank = ranks.event, ranks.rank
    same = (event[1:] == event[:-1]) & (rank[1:] == rank[:-1]) & np.isfinite(rank[1:])
    if same.any():
        first = int(np.flatnonzero(same)[0])
        message = (
            f"lists: user {users[event[first]]!r} has two items at rank {rank[first]:g}; give "
            "each item of a list a rank of its own"
        )
        raise ContractError(message)
