"""Scores of simpler models, which the ranker weighs among its features."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from onstage.data.dataset import Dataset
from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns
from onstage.features.live.past import Past
from onstage.models.als import Als, AlsConfig
from onstage.models.config import FitOptions
from onstage.models.ease import Ease, EaseConfig
from onstage.models.ranker.audience import audience_features, unit
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.profiles import Profiles, whole_profile
from onstage.models.ranker.sequence import SequenceSignal
from onstage.models.similarity import Kernel, nearest
from onstage.models.state import State, pack, unpack
from onstage.types import Scores


CELLS = 1 << 23
"""Most requests x distinct items at once: 32 MiB a score."""

ROUNDS = 8
"""Of ALS: more change its ranking little, and it is fitted anew again and again."""

CAUTION = 10.0
"""Added to how often an item was left, so that a rare way is no certain one."""


@dataclass(frozen=True, eq=False)
class Signals:
    """What the simpler models learned from one set of rows.

    Attributes
    ----------
    ease_items : ndarray of int64, shape (n_trained,)
        Items in EASE's matrix, ascending; empty where there is no EASE.
    ease_weights : ndarray of float32, shape (n_trained, n_trained)
    user_factors, item_factors : ndarray of float32
        Of ALS.
    cosine : csr_matrix, shape (n_items, n_items)
        Row ``i`` holds the most similar items of ``i``.
    follows : csr_matrix, shape (n_items, n_items)
        Row ``i`` holds how often ``i`` came right after each item, as a share of all that did.
    sequence
        SASRec, where it is asked for.
    """

    ease_items: NDArray[np.int64]
    ease_weights: NDArray[np.float32]
    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    cosine: sparse.csr_matrix
    follows: sparse.csr_matrix
    sequence: SequenceSignal | None = None

    @classmethod
    def fit(cls, config: RankerConfig, dataset: Dataset, options: FitOptions) -> Self:
        """Learn from `dataset`, which may have no row at all."""
        trained = np.flatnonzero(dataset.item_counts)
        weights = np.empty((0, 0), dtype=np.float32)
        if len(trained) > config.ease_items:
            trained = trained[:0]
        elif len(trained):
            ease = EaseConfig(regularization=config.ease_regularization)
            weights = Ease(ease).fit(dataset, options).state()["weights"]
        als = Als(AlsConfig(factors=config.factors, iterations=ROUNDS)).fit(dataset, options)
        had = dataset.counts.T.tocsr()
        had.data = np.ones_like(had.data)
        sequence = config.sequence
        kernel = Kernel.of(had, "cosine", shrinkage=config.shrinkage, k1=1.2, b=0.75)
        return cls(
            trained,
            weights,
            als.user_factors,
            als.item_factors,
            nearest(kernel, config.neighbours),
            _follows(dataset),
            None if sequence is None else SequenceSignal.fit(sequence, dataset, options),
        )

    @cached_property
    def unit_users(self) -> NDArray[np.float32]:
        """The users' factors at length 1."""
        return unit(self.user_factors)

    def features(self, asked: Asked, past: Past) -> Columns:
        """Scores of every pair; ``ease`` only where there is an EASE, ``nan`` for items it lacks.

        ``sasrec`` only where it is asked for, ``nan`` also where it can read nothing of the user.

        Notes
        -----
        Dense in the requests and the distinct items of `asked`, so ask of requests with much the
        same candidates at once.
        """
        tables = [self._features(some, past) for _, some in asked.slices(CELLS)]
        return {
            name: np.concatenate([table[name] for table in tables])
            for name in (tables[0] if tables else ())
        }

    def _features(self, asked: Asked, past: Past) -> Columns:
        had = Profiles.of(past, asked.requests)
        live, column = asked.live
        line = asked.line

        def near(matrix: sparse.csr_matrix, profile: sparse.csr_matrix) -> NDArray[np.float32]:
            dense = (matrix[live] @ profile.T.tocsr()).toarray()
            return np.asarray(dense[column, line], dtype=np.float32)

        users = self.user_factors[asked.requests.users]
        values = {
            "als": (users @ self.item_factors[live].T)[line, column],
            "cosine": near(self.cosine, had.whole),
            "cosine_week": near(self.cosine, had.week),
            "cosine_day": near(self.cosine, had.day),
            "cosine_last3": near(self.cosine, had.last3),
            "next_last": near(self.follows, had.last),
            "next_last3": near(self.follows, had.last3),
            "next_week": near(self.follows, had.week),
        }
        values |= audience_features(asked, past, self.unit_users)
        if len(self.ease_items):
            values["ease"] = self._ease(live, had.whole)[line, column]
            values["ease_week"] = self._ease(live, had.week)[line, column]
        if self.sequence is not None:
            values["sasrec"] = self.sequence.scores(asked, past)
        return values

    def similarity(self, asked: Asked, past: Past) -> Scores:
        """Likeness of each pair's item to what the user had: EASE's score, or a sum of cosines."""
        scores = np.zeros(len(asked), dtype=np.float32)
        for place, some in asked.slices(CELLS):
            whole = whole_profile(past, some.requests)
            live, column = some.live
            if len(self.ease_items):
                scores[place] = np.nan_to_num(self._ease(live, whole)[some.line, column], nan=0.0)
            else:
                dense = (self.cosine[live] @ whole.T.tocsr()).toarray()
                scores[place] = dense[column, some.line]
        return scores

    def _ease(self, live: NDArray[np.int64], profile: sparse.csr_matrix) -> NDArray[np.float32]:
        trained = profile[:, self.ease_items]
        used = np.unique(trained.indices)
        place = np.searchsorted(self.ease_items, live)
        place = np.minimum(place, len(self.ease_items) - 1)
        known = self.ease_items[place] == live
        scores = np.full((profile.shape[0], len(live)), np.nan, dtype=np.float32)
        scores[:, known] = trained[:, used] @ self.ease_weights[np.ix_(used, place[known])]
        return scores

    def state(self) -> State:
        """Everything, as named arrays."""
        return {
            "ease_items": self.ease_items,
            "ease_weights": self.ease_weights,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
            **pack(self.cosine, "cosine"),
            **pack(self.follows, "follows"),
            **(self.sequence.state() if self.sequence else {}),
        }

    @classmethod
    def restored(cls, config: RankerConfig, dataset: Dataset, state: State) -> Self:
        """The counterpart of :meth:`state`; `dataset` is what :meth:`fit` was given."""
        sequence = config.sequence
        return cls(
            state["ease_items"],
            state["ease_weights"],
            state["user_factors"],
            state["item_factors"],
            unpack(state, "cosine"),
            unpack(state, "follows"),
            None if sequence is None else SequenceSignal.restored(sequence, dataset, state),
        )


def _follows(dataset: Dataset) -> sparse.csr_matrix:
    """How often an item (row) came right after another (column) with the same user."""
    order = np.lexsort((dataset.item, dataset.time, dataset.user))
    user, item = dataset.user[order], dataset.item[order]
    moved = (user[1:] == user[:-1]) & (item[1:] != item[:-1])
    before, after = item[:-1][moved], item[1:][moved]
    n = dataset.n_items
    ones = np.ones(len(before), dtype=np.float32)
    counts = sparse.coo_matrix((ones, (after, before)), shape=(n, n)).tocsr()
    left = np.bincount(before, minlength=n) + CAUTION
    return (counts @ sparse.diags_array((1 / left).astype(np.float32))).tocsr().astype(np.float32)
