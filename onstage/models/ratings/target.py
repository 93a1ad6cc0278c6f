"""What a ratings model learns: one number for each pair of a user and an item."""

from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.errors import ContractError
from onstage.types import Positions


Target: TypeAlias = Literal["rating", "log_duration", "log_weight"]
"""``rating``: the mean weight of the pair. ``log_duration``: the natural logarithm of the mean
duration of its rows, ``ends - time`` in seconds. ``log_weight``: that of its mean weight, for logs
whose weight is the watch duration (preset ``kumu``)."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """One number for each pair, sorted by user, then item.

    Attributes
    ----------
    user, item : ndarray of int64, shape (n_ratings,)
        Positions in the vocabulary of the dataset.
    value : ndarray of float64, shape (n_ratings,)
        The target.
    n_users, n_items
        Sizes of the vocabulary.
    """

    user: Positions
    item: Positions
    value: NDArray[np.float64]
    n_users: int
    n_items: int

    @classmethod
    def of(cls, dataset: Dataset, target: Target) -> Self:
        """Make one number of all rows of each pair.

        Raises
        ------
        ContractError
            If there is no row; if `target` is ``log_duration`` and the log has no ends; if the
            target is a logarithm and a row is below 0 or a pair's mean is 0.
        """
        if len(dataset) == 0:
            message = f"target {target}: no interactions, so no ratings; give a log with rows"
            raise ContractError(message)
        amount = amounts(dataset, target)
        pair, row = np.unique(dataset.user * dataset.n_items + dataset.item, return_inverse=True)
        user, item = pair // dataset.n_items, pair % dataset.n_items
        mean = np.bincount(row, weights=amount) / np.bincount(row)
        if target != "rating":
            low = np.full(len(pair), np.inf)
            np.minimum.at(low, row, amount)
            _check_positive(dataset, target, (low < 0) | (mean <= 0), (user, item))
            mean = np.log(mean)
        return cls(user, item, mean, dataset.n_users, dataset.n_items)

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: NDArray[Any]) -> Self:
        """The ratings at `rows` (a mask, or ascending row numbers), with the whole vocabulary."""
        return replace(self, user=self.user[rows], item=self.item[rows], value=self.value[rows])

    @property
    def scale(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.value.min()), float(self.value.max())

    @property
    def constant(self) -> bool:
        """Whether there is nothing to learn: every value is the same."""
        low, high = self.scale
        return low == high


def amounts(dataset: Dataset, target: Target) -> NDArray[np.float64]:
    """What each row brings to `target` before the logarithm: its duration in seconds, or weight.

    Raises
    ------
    ContractError
        If durations are wanted of a log without ends.
    """
    if target != "log_duration":
        return dataset.weight.astype(np.float64)
    if dataset.ends is None:
        message = (
            "target log_duration: this log has no ends, so no durations; "
            "give data.interactions.ends_after, or choose target: log_weight or rating"
        )
        raise ContractError(message)
    return np.asarray((dataset.ends - dataset.time) * dataset.clock.seconds_per_tick, np.float64)


def _check_positive(
    dataset: Dataset, target: Target, bad: NDArray[np.bool_], pairs: tuple[Positions, Positions]
) -> None:
    if not bad.any():
        return
    first = int(np.flatnonzero(bad)[0])
    user, item = dataset.users[pairs[0][first]], dataset.items[pairs[1][first]]
    what = "duration" if target == "log_duration" else "weight"
    message = (
        f"target {target}: {int(bad.sum())} of {len(bad)} pairs have a {what} of 0 or less, first "
        f"user {user!r} and item {item!r}; a logarithm needs more: drop those rows or choose "
        "target: rating"
    )
    raise ContractError(message)
