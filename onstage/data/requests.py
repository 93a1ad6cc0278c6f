"""Who asks for recommendations, and when."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Ticks


@dataclass(frozen=True)
class Requests:
    """A batch of (user, instant).

    Attributes
    ----------
    users : ndarray of int64, shape (n_requests,)
        Positions; -1 is a user nobody has seen.
    times : ndarray of int64, shape (n_requests,)
        Ticks. What happened at or after a request's time is unknown to whoever answers it.
    """

    users: Positions
    times: Ticks

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: NDArray[Any]) -> Self:
        """The requests at `rows`."""
        return type(self)(self.users[rows], self.times[rows])


def ragged(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> tuple[Positions, Positions]:
    """Expand half-open ranges: which range each element came from, and the elements.

    ``ragged([0, 5], [2, 7])`` gives ``([0, 0, 1, 1], [0, 1, 5, 6])``.
    """
    lengths = np.maximum(stops - starts, 0)
    of = np.repeat(np.arange(len(starts)), lengths)
    shift = starts - np.cumsum(lengths) + lengths
    return of, np.arange(len(of)) + np.repeat(shift, lengths)
