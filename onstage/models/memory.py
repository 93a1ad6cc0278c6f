"""What the user had before: the baseline that a champion must beat."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat
from typing_extensions import override

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.models.base import Recommender
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.pairs import Pairs
from onstage.models.state import State
from onstage.types import Positions, Scores


class MemoryConfig(RecommenderConfig):
    """Configuration of :class:`Memory`."""

    algorithm: Literal["memory"] = "memory"
    kind: Literal["count", "recency", "decay"] = "count"
    """``count``: how often the user had the item; ``recency``: the latest first; ``decay``: a count
    in which a row loses half its weight every `half_life_days`."""
    half_life_days: PositiveFloat = 3.0
    """With ``decay``: days after which a row counts half. Other kinds do not use it."""
    backoff: bool = False
    """Order what the memory holds equal, above all items the user never had, by training
    popularity. Never overrules the memory. Off: equal stays equal."""


class Memory(Recommender[MemoryConfig]):
    r"""Rank by the user's own rows before the request; nothing is learned.

    With :math:`R` the user's rows of the item before the request, an item scores

    * ``count``: :math:`|R|`;
    * ``recency``: the rank of its newest row's time among the user's distinct times, oldest 1;
    * ``decay``: :math:`1 + \log_2 \sum_{r \in R} 2^{(t_r - t_0) / h}` with :math:`t_0` the user's
      first row. It orders items as :math:`\sum_r 2^{-(t - t_r) / h}` does, for every request time
      :math:`t`, and does not underflow however old a row is.

    Items the user never had score 0. A user without an earlier row is a stranger.

    Notes
    -----
    A batch costs one sort of the rows it sees.
    """

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the user has a row before the request."""
        return self.history.sizes(requests) > 0

    @override
    def knows_items(self, items: Positions) -> NDArray[np.bool_]:
        """Every item: not to have had it is an answer too."""
        return np.ones(len(items), dtype=np.bool_)

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        self._prepare(dataset)

    def _prepare(self, dataset: Dataset) -> None:
        levels, level = np.unique(dataset.item_counts, return_inverse=True)
        self._tie = (level / len(levels)).astype(np.float32)

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        request, item, worth = self._remembered(requests)
        column = np.minimum(np.searchsorted(items, item), max(len(items) - 1, 0))
        scores = np.zeros((len(requests), len(items)), dtype=np.float32)
        if len(items) and len(item):
            hit = items[column] == item
            scores[request[hit], column[hit]] = worth[hit]
        return scores + self._tie[items] if self.config.backoff else scores

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        request, item, worth = self._remembered(requests)
        n_items = self.history.n_items
        pair, wanted = request * n_items + item, some.line * n_items + some.item
        scores = np.zeros(len(wanted), dtype=np.float32)
        if len(pair):
            place = np.minimum(np.searchsorted(pair, wanted), len(pair) - 1)
            hit = pair[place] == wanted
            scores[hit] = worth[place[hit]]
        return scores + self._tie[some.item] if self.config.backoff else scores

    def _remembered(self, requests: Requests) -> tuple[Positions, Positions, NDArray[np.float64]]:
        """Every (request, item) pair with a row, ascending, and what it is worth."""
        request, row = self.history.rows(requests)
        n_items = self.history.n_items
        pairs, pair = np.unique(request * n_items + self.history.item[row], return_inverse=True)
        of, item = pairs // n_items, pairs % n_items
        if self.config.kind == "count":
            return of, item, np.bincount(pair, minlength=len(pairs)).astype(np.float64)
        time = self.history.time[row]
        if self.config.kind == "recency":
            worth = np.zeros(len(pairs))
            np.maximum.at(worth, pair, _levels(request, time))
            return of, item, worth
        oldest = np.zeros(len(requests), dtype=np.int64)
        oldest[request[::-1]] = time[::-1]  # rows come oldest first, and the last write stays
        half_life = self.dataset.clock.span(days=self.config.half_life_days)
        worth = 1.0 + _log2_sum((time - oldest[request]) / half_life, pair, len(pairs))
        return of, item, _ranked(of, worth) if self.config.backoff else worth

    @override
    def _state(self) -> State:
        return {}

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._prepare(dataset)


def _levels(group: Positions, values: NDArray[np.int64] | NDArray[np.float64]) -> Positions:
    """Dense rank from 1 of each value within its group; both sorted by group, then value."""
    if len(group) == 0:
        return np.empty(0, dtype=np.int64)
    opens = np.concatenate(([True], group[1:] != group[:-1]))
    rises = opens | np.concatenate(([True], values[1:] != values[:-1]))
    level = np.asarray(np.cumsum(rises), dtype=np.int64)
    before = level[np.flatnonzero(opens)] - 1
    return np.asarray(level - before[np.cumsum(opens) - 1])


def _ranked(group: Positions, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dense rank from 1 of each value within its group, whatever the order."""
    order = np.lexsort((values, group))
    ranks = np.empty(len(group))
    ranks[order] = _levels(group[order], values[order])
    return ranks


def _log2_sum(exponents: NDArray[np.float64], of: Positions, n: int) -> NDArray[np.float64]:
    """``log2(sum(2 ** exponents))`` of each of `n` groups, none of them empty."""
    top = np.full(n, -np.inf)
    np.maximum.at(top, of, exponents)
    return top + np.log2(np.bincount(of, weights=np.exp2(exponents - top[of]), minlength=n))
