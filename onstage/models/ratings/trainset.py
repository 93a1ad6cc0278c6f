"""Our ratings as Surprise's training set, and its inner ids as our positions."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onstage.models.ratings.target import Ratings
from onstage.types import Positions


@dataclass(frozen=True)
class Inner:
    """Positions of Surprise's inner ids.

    Attributes
    ----------
    users : ndarray of int64, shape (n_trained_users,)
        Ascending.
    items : ndarray of int64, shape (n_trained_items,)
        In the order in which they first appear in the ratings.
    n_users, n_items
        Sizes of the vocabulary.
    """

    users: Positions
    items: Positions
    n_users: int
    n_items: int

    def of_users(self, learned: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows by inner user id as rows by position; 0 for users without a rating."""
        return _spread(learned, self.users, self.n_users)

    def of_items(self, learned: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows by inner item id as rows by position; 0 for items without a rating."""
        return _spread(learned, self.items, self.n_items)


def trainset(ratings: Ratings) -> tuple[Any, Inner]:
    """Make Surprise's ``Trainset``, as its own ``load_from_df`` makes it of the same rows.

    Raw ids are positions. The rating scale is that of `ratings`.
    """
    from surprise import Trainset

    inner = _inner(ratings)
    user = np.searchsorted(inner.users, ratings.user).tolist()
    place = np.empty(ratings.n_items, dtype=np.int64)
    place[inner.items] = np.arange(len(inner.items))
    item, value = place[ratings.item].tolist(), ratings.value.tolist()
    by_user: dict[int, list[tuple[int, float]]] = defaultdict(list)
    by_item: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for u, i, r in zip(user, item, value, strict=True):
        by_user[u].append((i, r))
        by_item[i].append((u, r))
    raw_users = {raw: u for u, raw in enumerate(inner.users.tolist())}
    raw_items = {raw: i for i, raw in enumerate(inner.items.tolist())}
    made = Trainset(
        by_user,
        by_item,
        len(inner.users),
        len(inner.items),
        len(ratings),
        ratings.scale,
        raw_users,
        raw_items,
    )
    return made, inner


def _inner(ratings: Ratings) -> Inner:
    items, first = np.unique(ratings.item, return_index=True)
    appeared = items[np.argsort(first)]
    return Inner(np.unique(ratings.user), appeared, ratings.n_users, ratings.n_items)


def _spread(learned: NDArray[np.float64], positions: Positions, n: int) -> NDArray[np.float64]:
    spread = np.zeros((n, *learned.shape[1:]))
    spread[positions] = learned
    return spread
