"""From scored blocks to the table that is handed out."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.columns import Columns
from onstage.contracts import RECOMMENDATIONS
from onstage.models.ordering import best
from onstage.types import Positions, Scores


class Lister:
    """Turns blocks of scores into recommendations.

    Parameters
    ----------
    items
        Position to identifier.
    popularity : ndarray of float32, shape (n_items,)
        Orders equal scores.
    """

    def __init__(self, items: pd.Index, popularity: NDArray[np.float32]) -> None:
        self._items = items
        self._popularity = popularity

    def recommendations(
        self,
        users: pd.Index,
        known: NDArray[np.bool_],
        blocks: Iterable[tuple[Positions, Positions, Scores]],
        k: int,
    ) -> pd.DataFrame:
        """List the best `k` finite scores of each request, requests in their own order."""
        request, item, score, rank = self._collect(blocks, k)
        table = pd.DataFrame(
            {
                Columns.USER: users.take(request).to_numpy(),
                Columns.ITEM: self._items.take(item).to_numpy(),
                Columns.SCORE: score,
                Columns.RANK: rank,
                Columns.FALLBACK: ~known[request],
            }
        )
        return RECOMMENDATIONS.check(table)

    def _collect(
        self, blocks: Iterable[tuple[Positions, Positions, Scores]], k: int
    ) -> tuple[Positions, Positions, NDArray[np.float32], Positions]:
        parts = [self._part(rows, items, scores, k) for rows, items, scores in blocks]
        empty = np.empty(0, dtype=np.int64)
        request, item, score, rank = (
            (np.concatenate(column) for column in zip(*parts, strict=True))
            if parts
            else (empty, empty, empty.astype(np.float32), empty)
        )
        order = np.argsort(request, kind="stable")
        return request[order], item[order], score[order], rank[order]

    def _part(
        self, rows: Positions, items: Positions, scores: Scores, k: int
    ) -> tuple[Positions, Positions, NDArray[np.float32], Positions]:
        order = best(scores, self._popularity[items], k)
        found = np.take_along_axis(scores, order, axis=1)
        line, place = np.nonzero(np.isfinite(found))
        return rows[line], items[order[line, place]], found[line, place], place + 1
