"""Blocks of scores to be measured at once; events that come alone are gathered into larger ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Scores


CELLS = 1 << 18
"""Most scores in a gathered block: one that fits into the cache."""

Scored = tuple[Positions, Positions, Scores]
"""What :meth:`Recommender.scored` yields: request numbers, shared candidates, scores."""


@dataclass(frozen=True, eq=False)
class Block:
    """Events and the scores of their candidates.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Event numbers.
    items : ndarray of int64, shape (m,) or (n, m)
        Candidates, ascending: shared by all rows, or one line a row, padded with `n_items`.
    scores : ndarray of float32, shape (n, m)
        ``nan`` where a pair is no candidate, padding included.
    n_items
        Size of the vocabulary.
    """

    rows: Positions
    items: Positions
    scores: Scores
    n_items: int

    @property
    def shared(self) -> bool:
        """Whether all rows have the same candidates."""
        return self.items.ndim == 1

    def columns(self, line: Positions, items: Positions) -> Positions:
        """Columns of candidates, given their lines, shape (n_pairs,)."""
        if self.shared:
            return np.searchsorted(self.items, items)
        width = self.n_items + 1
        keys = (np.arange(len(self.rows))[:, None] * width + self.items).ravel()
        return np.asarray(np.searchsorted(keys, line * width + items) - line * self.items.shape[1])

    def items_at(self, line: Positions, column: Positions) -> Positions:
        """Candidates in some cells, shape (n_pairs,)."""
        return self.items[column] if self.shared else self.items[line, column]

    def distinct(self, valid: NDArray[np.bool_]) -> Positions:
        """Items that are a candidate of some row, perhaps more than once."""
        return self.items[valid.any(axis=0)] if self.shared else self.items[valid]


def gathered(scored: Iterable[Scored], n_items: int, *, cells: int = CELLS) -> Iterator[Block]:
    """Turn what a model yields into blocks, runs of blocks with one event into one.

    Where every event has its own instant, and so its own candidates, this is what makes a walk
    cost by the score rather than by the event.
    """
    waiting: list[Scored] = []
    widest = 0
    for one in scored:
        if len(one[0]) != 1:
            yield Block(*one, n_items)
            continue
        if waiting and (len(waiting) + 1) * max(widest, len(one[1])) > cells:
            yield _stacked(waiting, n_items)
            waiting, widest = [], 0
        waiting.append(one)
        widest = max(widest, len(one[1]))
    if waiting:
        yield _stacked(waiting, n_items)


def _stacked(waiting: list[Scored], n_items: int) -> Block:
    sizes = np.array([len(items) for _, items, _ in waiting])
    inside = np.arange(sizes.max())[None] < sizes[:, None]
    items = np.full(inside.shape, n_items, dtype=np.int64)
    scores = np.full(inside.shape, np.nan, dtype=np.float32)
    items[inside] = np.concatenate([items for _, items, _ in waiting])
    scores[inside] = np.concatenate([scores[0] for _, _, scores in waiting])
    return Block(np.concatenate([rows for rows, _, _ in waiting]), items, scores, n_items)
