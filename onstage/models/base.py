"""The one interface every recommender has."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.requests import Requests
from onstage.errors import NotFoundError
from onstage.models.core import BLOCK_CELLS, ConfigT, Core
from onstage.models.explanation import Explanation
from onstage.models.listing import Lister
from onstage.types import Id, ItemIds, Positions, Scores, UserIds


class Recommender(Core[ConfigT]):
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
        lister = Lister(self.dataset.items, self._popularity)
        blocks = self.scored(requests, pool)
        return lister.recommendations(pd.Index(users), self.knows_users(requests), blocks, k)

    def similar_items(self, items: ItemIds, *, k: int) -> pd.DataFrame:
        """Rank the `k` items nearest to each item, itself excluded; fewer when there are fewer.

        An item that is unknown, or of which nothing was learned, has no rows.

        Raises
        ------
        CapabilityError
            If the algorithm has no notion of similarity.
        """
        positions = self.dataset.item_positions(items)
        known = (positions >= 0) & self.knows_items(np.maximum(positions, 0))
        lister = Lister(self.dataset.items, self._popularity)
        table = lister.recommendations(
            pd.Index(items)[known], known[known], self._compared(positions[known]), k
        )
        names = {Columns.USER: Columns.ITEM, Columns.ITEM: Columns.SIMILAR}
        return table.drop(columns=Columns.FALLBACK).rename(columns=names)

    def explain(self, user: Id, item: Id, *, at: int | None = None) -> Explanation:
        """Split the score of an item into what each of the user's own items adds to it.

        Parameters
        ----------
        at
            Tick of the request: rows before it speak. By default after everything observed.

        Raises
        ------
        CapabilityError
            If the algorithm's score is no such sum.
        NotFoundError
            If the user has no row before the request, or nothing was learned of the item.
        """
        place = self.dataset.item_positions([item])  # type: ignore[arg-type]
        if place[0] < 0 or not self.knows_items(place)[0]:
            message = f"item {item!r}: nothing was learned of it; ask for one with interactions"
            raise NotFoundError(message)
        row = self.dataset.user_positions([user])  # type: ignore[arg-type]
        request = self._requests(row, at)
        if self.history.sizes(request)[0] == 0:
            message = (
                f"user {user!r}: no interaction before the request, so nothing can explain a "
                "score; ask about a user with a history"
            )
            raise NotFoundError(message)
        own, added = self._contributions(request, int(place[0]))
        return Explanation.of(user, item, self.dataset.items[own], added)

    def _compared(self, items: Positions) -> Iterator[tuple[Positions, Positions, Scores]]:
        every = np.arange(self.dataset.n_items)
        step = max(1, BLOCK_CELLS // max(1, len(every)))
        for low in range(0, len(items), step):
            rows = np.arange(low, min(low + step, len(items)))
            scores = np.array(self._similarity(items[rows]), dtype=np.float32)
            scores[:, ~self.knows_items(every)] = np.nan
            scores[np.arange(len(rows)), items[rows]] = np.nan
            yield rows, every, scores

    def _requests(self, users: Positions, at: int | None) -> Requests:
        tick = self._now() if at is None else at
        return Requests(users, np.full(len(users), tick, dtype=np.int64))

    def _now(self) -> int:
        return int(self.history.time.max(initial=-1)) + 1

    def _pool(
        self,
        requests: Requests,
        candidates: ItemIds | None,
        availability: AvailabilityIndex | None,
    ) -> Candidates:
        live = None
        if availability is not None and len(requests):
            live = availability.live_at(int(requests.times[0]))
        if candidates is not None:
            named = self.dataset.item_positions(candidates)
            named = np.unique(named[named >= 0])
            live = named if live is None else np.intersect1d(live, named)
        if live is None:
            live = np.arange(self.dataset.n_items)
        return Candidates.shared(live, len(requests))
