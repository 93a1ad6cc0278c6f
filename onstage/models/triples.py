"""Learning to rank from (user, chosen, live and not chosen), in vectorised steps."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.models.exposure import live_negatives
from onstage.types import Positions


BATCH: Final = 1024
"""Triples whose gradients are added up into one step."""


class Triples:
    """One triple for each row of the data, drawn again for every epoch.

    Parameters
    ----------
    sets
        What was live at each row.
    verify
        Leave out triples whose negative the user has in the data.
    """

    def __init__(self, dataset: Dataset, sets: Candidates, *, verify: bool) -> None:
        self._dataset, self._sets = dataset, sets
        self._had = dataset.user * dataset.n_items + dataset.item if verify else None
        self._had = None if self._had is None else np.unique(self._had)

    def draw(self, rng: np.random.Generator) -> tuple[Positions, Positions, Positions]:
        """Users, chosen items and negatives in random order, shape (n_triples,) each.

        A negative was live at the row's time and is not the chosen item; rows for which the draw
        gives none are left out.
        """
        data = self._dataset
        negative = live_negatives(self._sets, rng)
        good = (negative >= 0) & (negative != data.item)
        if self._had is not None:
            pair = data.user * data.n_items + negative
            place = np.minimum(np.searchsorted(self._had, pair), len(self._had) - 1)
            good &= self._had[place] != pair
        rows = np.flatnonzero(good)
        rng.shuffle(rows)
        return data.user[rows], data.item[rows], negative[rows]


@dataclass(eq=False)
class Ascent:
    """Factors on their way up the likelihood, and the squared gradients so far (AdaGrad).

    The last column of a user is 1, that of an item its bias.
    """

    users: NDArray[np.float32]
    items: NDArray[np.float32]
    user_squares: NDArray[np.float32]
    item_squares: NDArray[np.float32]

    @classmethod
    def start(cls, dataset: Dataset, factors: int, rng: np.random.Generator) -> Self:
        """Small random factors, no bias."""
        users, items = (
            rng.normal(scale=0.1, size=(n, factors + 1)).astype(np.float32)
            for n in (dataset.n_users, dataset.n_items)
        )
        users[:, -1], items[:, -1] = 1, 0
        return cls(users, items, np.zeros_like(users), np.zeros_like(items))

    def epoch(
        self, user: Positions, chosen: Positions, other: Positions, rate: float, penalty: float
    ) -> None:
        """Go through all triples once, :data:`BATCH` at a time."""
        for low in range(0, len(user), BATCH):
            part = slice(low, low + BATCH)
            self._step(user[part], chosen[part], other[part], rate, penalty)

    def _step(
        self, user: Positions, chosen: Positions, other: Positions, rate: float, penalty: float
    ) -> None:
        x, y, z = self.users[user], self.items[chosen], self.items[other]
        pull = expit(-np.einsum("nd,nd->n", x, y - z))[:, None]
        up = pull * (y - z) - penalty * x
        up[:, -1] = 0  # the 1 of the users stays
        _climb(self.users, self.user_squares, user, up, rate)
        down = np.concatenate([pull * x - penalty * y, -pull * x - penalty * z])
        _climb(self.items, self.item_squares, np.concatenate([chosen, other]), down, rate)


def _climb(
    factors: NDArray[np.float32],
    squares: NDArray[np.float32],
    rows: Positions,
    gradients: NDArray[np.float32],
    rate: float,
) -> None:
    """Add up the gradients of each row, in order, and step."""
    unique, number = np.unique(rows, return_inverse=True)
    ones = np.ones(len(rows), dtype=np.float32)
    adding = sparse.csr_matrix(
        (ones, (number, np.arange(len(rows)))), shape=(len(unique), len(rows))
    )
    total = adding @ gradients
    squares[unique] += total**2
    factors[unique] += np.float32(rate) * total / np.sqrt(squares[unique] + np.float32(1e-8))
