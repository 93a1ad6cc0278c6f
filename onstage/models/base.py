"""The one interface every recommender has."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.contracts import RECOMMENDATIONS
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.errors import CapabilityError, NotFittedError
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.ordering import best
from onstage.models.state import State
from onstage.seeds import generator
from onstage.types import ItemIds, Positions, Scores, UserIds


BLOCK_CELLS = 1 << 22
"""Most scores held at once: 16 MiB of float32."""

ConfigT = TypeVar("ConfigT", bound=RecommenderConfig)


class Recommender(ABC, Generic[ConfigT]):
    """Fit on a dataset; then score, recommend, and find similar items.

    Subclasses write a few small methods on matrix positions. Identifiers, availability, the
    repeat policy, the fallback and every error live here, once.

    Two datasets are told apart: what the model was *fitted* on, and the *history* it may look at
    when it answers (:meth:`observe`). A request at ``t`` sees rows of the history with
    ``time < t``, never later ones.

    Parameters
    ----------
    config
        All that is configurable. The constructor takes nothing else.
    """

    def __init__(self, config: ConfigT) -> None:
        self.config = config
        self._dataset: Dataset | None = None
        self._history: History | None = None
        self._popularity: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    @property
    def dataset(self) -> Dataset:
        """What the model was fitted on.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        """
        if self._dataset is None:
            raise NotFittedError(self.config.algorithm)
        return self._dataset

    @property
    def history(self) -> History:
        """What the model may look at when it answers."""
        if self._history is None:
            self._history = History(self.dataset)
        return self._history

    def fit(self, dataset: Dataset, options: FitOptions | None = None) -> Self:
        """Learn from `dataset`. Fitting twice is the same as fitting once."""
        options = options or FitOptions()
        rng = generator(options.seed, "fit", self.config.algorithm)
        self._fit(dataset, rng, options)
        self._dataset = dataset
        self._popularity = dataset.item_counts.astype(np.float32)
        self._history = None
        return self

    def observe(self, history: Dataset | History) -> Self:
        """Let the model look at `history` when it answers, without learning from it.

        The vocabulary must be that of the training data. Rows at or after a request's time are
        never used for that request, so the whole log may be given.
        """
        self._history = history if isinstance(history, History) else History(history)
        return self

    def score(self, users: UserIds, items: ItemIds, *, at: int | None = None) -> Scores:
        """Score every pair of one user and one item.

        Parameters
        ----------
        at
            Tick of the request; by default after everything observed.

        Returns
        -------
        ndarray of float32, shape (n_users, n_items)
            ``nan`` where the user or the item is unknown.
        """
        rows = self.dataset.user_positions(users)
        columns = self.dataset.item_positions(items)
        scores = np.full((len(rows), len(columns)), np.nan, dtype=np.float32)
        requests = self._requests(rows[rows >= 0], at)
        unique, back = np.unique(columns[columns >= 0], return_inverse=True)
        part = self._score(requests, unique)
        part = np.where(
            self.knows_users(requests)[:, None] & self.knows_items(unique), part, np.nan
        )
        scores[np.ix_(rows >= 0, columns >= 0)] = part[:, back]
        return scores

    def recommend(  # six questions a caller really has
        self,
        users: UserIds,
        *,
        k: int,
        at: int | None = None,
        candidates: ItemIds | None = None,
        availability: AvailabilityIndex | None = None,
        repeat: RepeatPolicy | None = None,
    ) -> pd.DataFrame:
        """Rank the best `k` items for each user among those that can be recommended.

        Parameters
        ----------
        users : sequence of ids, shape (n_users,)
            Users the model knows nothing of get what is popular among the candidates.
        k : int
            Most items per user; fewer when fewer are live.
        at
            Tick of the request; by default after everything observed.
        candidates : sequence of ids, optional
            Items that may be recommended. All by default.
        availability
            What is live at `at`. Everything by default. With `candidates`: both must hold.
        repeat
            What to do with items the user had before. Allowed by default.

        Returns
        -------
        pandas.DataFrame
            See :data:`onstage.contracts.RECOMMENDATIONS`, plus ``fallback``: True where popularity
            answered for a user the model does not know. Ranks start at 1; equal scores rank by
            popularity, then by the item's place in the vocabulary.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        ValueError
            If `k` is less than 1.
        """
        if k < 1:
            message = f"k must be at least 1, got {k}"
            raise ValueError(message)
        rows = self.dataset.user_positions(users)
        requests = self._requests(rows, at)
        pool = self._pool(requests, candidates, availability)
        policy = repeat or RepeatPolicy()
        pool = policy.apply(pool, requests, self.history, self.dataset.clock)
        return self._table(np.asarray(users), requests, pool, k)

    def similar_items(self, items: ItemIds, *, k: int) -> pd.DataFrame:
        """Rank the `k` items nearest to each item, itself excluded.

        Raises
        ------
        CapabilityError
            If the algorithm has no notion of similarity.
        """
        positions = self.dataset.item_positions(items)
        known = positions >= 0
        similarity = np.array(self._similarity(positions[known]), dtype=np.float32)
        similarity[np.arange(len(similarity)), positions[known]] = np.nan
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        found = np.take_along_axis(similarity, order, axis=1)
        table = pd.DataFrame(
            {
                Columns.ITEM: np.repeat(np.asarray(items)[known], order.shape[1]),
                Columns.SIMILAR: self.dataset.items.to_numpy()[order.ravel()],
                Columns.SCORE: found.ravel(),
                Columns.RANK: np.tile(np.arange(1, order.shape[1] + 1), len(order)),
            }
        )
        return table.dropna(subset=[Columns.SCORE]).reset_index(drop=True)

    def scored(
        self, requests: Requests, candidates: Candidates, *, cells: int = BLOCK_CELLS
    ) -> Iterator[tuple[Positions, Positions, Scores]]:
        """Score candidates only, block by block: the core of ranking and of evaluation.

        Yields
        ------
        rows : ndarray of int64, shape (n,)
            Request numbers.
        items : ndarray of int64, shape (m,)
            Candidate positions, ascending.
        scores : ndarray of float32, shape (n, m)
            ``nan`` where the pair is no candidate; ``-inf`` where the model has no opinion; the
            training popularity in the whole row of a user the model does not know.
        """
        for rows, items, excluded in candidates.blocks(cells):
            block = requests.take(rows)
            scores = np.array(self._score(block, items), dtype=np.float32)
            scores[:, ~self.knows_items(items)] = -np.inf
            scores[np.isnan(scores)] = -np.inf
            scores[~self.knows_users(block)] = self._popularity[items]
            scores[excluded] = np.nan
            yield rows, items, scores

    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the model can tell each request's user from a stranger, shape (n_requests,)."""
        counts = self.dataset.user_counts
        return (requests.users >= 0) & (counts[np.maximum(requests.users, 0)] > 0)

    def knows_items(self, items: Positions) -> NDArray[np.bool_]:
        """Whether the model has learned anything of each item, shape (n_items,)."""
        return np.asarray(self.dataset.item_counts[items] > 0)

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as named arrays (see :data:`State`)."""
        return dict(self._state())

    def restore(self, dataset: Dataset, state: State) -> Self:
        """Become the model that :meth:`state` was taken from. The counterpart of :meth:`fit`."""
        self._restore(dataset, state)
        self._dataset = dataset
        self._popularity = dataset.item_counts.astype(np.float32)
        self._history = None
        return self

    @abstractmethod
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None: ...

    @abstractmethod
    def _score(self, requests: Requests, items: Positions) -> Scores:
        """Score shared candidates, shape (n_requests, len(items)); ``items`` ascending.

        May return anything for users with position -1: the caller replaces those rows.
        """

    @abstractmethod
    def _state(self) -> State: ...

    @abstractmethod
    def _restore(self, dataset: Dataset, state: State) -> None: ...

    def _similarity(self, items: Positions) -> Scores:  # noqa: ARG002  # for subclasses
        """Similarity of each item to all items, shape (len(items), n_items)."""
        message = f"{self.config.algorithm} cannot compare items"
        raise CapabilityError(message)

    def _requests(self, users: Positions, at: int | None) -> Requests:
        tick = np.iinfo(np.int64).max if at is None else at
        return Requests(users, np.full(len(users), tick, dtype=np.int64))

    def _pool(
        self,
        requests: Requests,
        candidates: ItemIds | None,
        availability: AvailabilityIndex | None,
    ) -> Candidates:
        live = np.arange(self.dataset.n_items)
        if availability is not None and len(requests):
            live = availability.live_at(int(requests.times[0]))
        if candidates is not None:
            live = np.intersect1d(live, self.dataset.item_positions(candidates))
        return Candidates.shared(live, len(requests))

    def _table(
        self, users: NDArray[Any], requests: Requests, pool: Candidates, k: int
    ) -> pd.DataFrame:
        known = self.knows_users(requests)
        parts = []
        for rows, items, scores in self.scored(requests, pool):
            order = best(scores, self._popularity[items], k)
            found = np.take_along_axis(scores, order, axis=1)
            keep = np.isfinite(found)
            line, place = np.nonzero(keep)
            parts.append(
                pd.DataFrame(
                    {
                        Columns.USER: users[rows[line]],
                        Columns.ITEM: self.dataset.items.to_numpy()[items[order[keep]]],
                        Columns.SCORE: found[keep],
                        Columns.RANK: place + 1,
                        Columns.FALLBACK: ~known[rows[line]],
                    }
                )
            )
        if not parts:
            return self._nothing()
        return RECOMMENDATIONS.check(pd.concat(parts, ignore_index=True))

    def _nothing(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                Columns.USER: self.dataset.users[:0].to_numpy(),
                Columns.ITEM: self.dataset.items[:0].to_numpy(),
                Columns.SCORE: np.empty(0, dtype=np.float32),
                Columns.RANK: np.empty(0, dtype=np.int64),
                Columns.FALLBACK: np.empty(0, dtype=np.bool_),
            }
        )
