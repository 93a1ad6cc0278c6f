"""Identifiers to positions and back; interactions as arrays; the sparse matrix."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from typing_extensions import override

from onstage.columns import Columns
from onstage.contracts import INTERACTIONS
from onstage.data.clock import Clock
from onstage.types import ItemIds, Positions, Ticks, UserIds


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions as arrays, sorted by time (stable: ties keep the table's order).

    A part of a dataset (:meth:`where`) keeps the whole vocabulary, so positions mean the same
    user and item in every part; an item of the vocabulary without rows in a part is one that the
    part has never seen.

    Attributes
    ----------
    users, items : pandas.Index
        Position to identifier. Strings or int64, as in the data.
    clock
        What a tick is.
    user, item : ndarray of int64, shape (n_interactions,)
    time : ndarray of int64, shape (n_interactions,)
        Ticks, non-decreasing.
    weight : ndarray of float32, shape (n_interactions,)
        Strength of the interaction, 1 where the table has none.
    ends : ndarray of int64, shape (n_interactions,), or None
        Ticks; the interaction covers ``[time, ends)``. None in logs of points in time.
    """

    users: pd.Index
    items: pd.Index
    clock: Clock
    user: Positions
    item: Positions
    time: Ticks
    weight: NDArray[np.float32]
    ends: Ticks | None = None

    @classmethod
    def from_interactions(
        cls,
        table: pd.DataFrame,
        *,
        clock: Clock | None = None,
        items: ItemIds | None = None,
    ) -> Self:
        """Encode a table of interactions (see :data:`onstage.contracts.INTERACTIONS`).

        Parameters
        ----------
        table
            Not modified.
        clock
            UTC by default.
        items
            More items of the catalogue, which may have no interaction at all.
        """
        INTERACTIONS.check(table)
        clock = clock or Clock()
        time = clock.ticks(table[Columns.TIME])
        order = _order(time)
        users, user = _vocabulary(table[Columns.USER], None)
        catalogue, item = _vocabulary(table[Columns.ITEM], items)
        weight = (
            table[Columns.WEIGHT].to_numpy(dtype=np.float32)
            if Columns.WEIGHT in table
            else np.ones(len(table), dtype=np.float32)
        )
        ends = clock.ticks(table[Columns.ENDS_AT])[order] if Columns.ENDS_AT in table else None
        return cls(
            users, catalogue, clock, user[order], item[order], time[order], weight[order], ends
        )

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Size of the user vocabulary."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Size of the item vocabulary."""
        return len(self.items)

    def where(self, rows: NDArray[Any] | slice) -> Self:
        """Keep `rows` (a mask, ascending row numbers, or a slice), with the whole vocabulary."""
        return replace(
            self,
            user=self.user[rows],
            item=self.item[rows],
            time=self.time[rows],
            weight=self.weight[rows],
            ends=None if self.ends is None else self.ends[rows],
        )

    def before(self, tick: int) -> Self:
        """Rows with ``time < tick``; they are the first ones, so nothing is copied."""
        return self.where(slice(0, int(np.searchsorted(self.time, tick))))

    def since(self, tick: int) -> Self:
        """Rows with ``time >= tick``; nothing is copied."""
        return self.where(slice(int(np.searchsorted(self.time, tick)), len(self)))

    def user_positions(self, users: UserIds) -> Positions:
        """Positions of `users`; -1 where one is not in the vocabulary."""
        return _positions(self.users, users)

    def item_positions(self, items: ItemIds) -> Positions:
        """Positions of `items`; -1 where one is not in the vocabulary."""
        return _positions(self.items, items)

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Sum of weights per pair, CSR of float32, shape (n_users, n_items), indices sorted."""
        matrix = sparse.coo_matrix(
            (self.weight, (self.user, self.item)), shape=(self.n_users, self.n_items)
        ).tocsr()
        matrix.sort_indices()
        return matrix

    @cached_property
    def counts(self) -> sparse.csr_matrix:
        """Number of interactions per pair, CSR of float32, shape (n_users, n_items)."""
        ones = np.ones(len(self), dtype=np.float32)
        return sparse.coo_matrix(
            (ones, (self.user, self.item)), shape=(self.n_users, self.n_items)
        ).tocsr()

    @cached_property
    def audiences(self) -> sparse.csr_matrix:
        """Users who had each item, rows scaled to length 1: float64, shape (n_items, n_users).

        The product of two rows is the cosine of two audiences; an item without rows has none.
        """
        counts = self.counts
        one = np.ones(counts.nnz, dtype=np.int8)
        pairs = sparse.csr_matrix((one, counts.indices, counts.indptr), counts.shape).tocsc()
        sizes = np.diff(pairs.indptr)
        worth = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
        return sparse.csr_matrix((worth, pairs.indices, pairs.indptr), counts.shape[::-1])

    @cached_property
    def user_counts(self) -> NDArray[np.int64]:
        """Interactions of each user, shape (n_users,)."""
        return np.bincount(self.user, minlength=self.n_users)

    @cached_property
    def item_counts(self) -> NDArray[np.int64]:
        """Interactions of each item, shape (n_items,)."""
        return np.bincount(self.item, minlength=self.n_items)

    @override
    def __getstate__(self) -> dict[str, Any]:
        """Leave the derived matrices out when a worker process is sent a dataset."""
        derived = {"matrix", "counts", "audiences", "user_counts", "item_counts"}
        return {k: v for k, v in self.__dict__.items() if k not in derived}


def _order(time: Ticks) -> Positions:
    """Stable order by time; of steps it is found by counting, which NumPy does in 16 bits only."""
    if len(time) and int(time.max()) - int(time.min()) < 1 << 16:
        return np.argsort((time - time.min()).astype(np.uint16), kind="stable")
    return np.argsort(time, kind="stable")


def _vocabulary(ids: pd.Series, more: ItemIds | None) -> tuple[pd.Index, Positions]:
    codes, uniques = pd.factorize(ids, sort=True)
    index = pd.Index(uniques)
    if more is None or len(more) == 0:
        return index, codes.astype(np.int64)
    union = index.union(pd.Index(more).unique())
    return union, union.get_indexer(index).astype(np.int64)[codes]


def _positions(vocabulary: pd.Index, ids: UserIds) -> Positions:
    wanted = ids if isinstance(ids, pd.Index) else pd.Index(np.asarray(ids))
    if len(wanted) == 0:
        return np.empty(0, dtype=np.int64)
    return vocabulary.get_indexer(wanted).astype(np.int64)
