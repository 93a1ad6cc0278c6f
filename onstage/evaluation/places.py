"""How many candidates score above each relevant item, and how many score the same."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onstage.types import Positions, Scores


FEW = 16
"""Up to so many relevant items a row, on average, comparing beats sorting."""


def places(
    scores: Scores, line: Positions, truth: Scores
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Compare the score of each relevant item with the whole row it stands in.

    Parameters
    ----------
    scores : ndarray of float32, shape (n, m)
        ``nan`` where a pair is no candidate; ``-inf`` ties with ``-inf``.
    line : ndarray of int64, shape (n_relevant,)
        Row of each relevant item, ascending.
    truth : ndarray of float32, shape (n_relevant,)
        Its score; not ``nan``.

    Returns
    -------
    ahead, tied : ndarray of int64, shape (n_relevant,)
        Candidates with a larger score; with an equal one, itself included.
    """
    if len(line) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    count: Callable[[Scores, Positions, Scores], tuple[NDArray[np.int64], NDArray[np.int64]]]
    count = _compared if len(line) <= FEW * (np.count_nonzero(np.diff(line)) + 1) else _sorted
    return count(scores, line, truth)


def _compared(
    scores: Scores, line: Positions, truth: Scores
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ahead, tied = np.empty(len(line), dtype=np.int64), np.empty(len(line), dtype=np.int64)
    turn = np.arange(len(line)) - np.searchsorted(line, line)
    for number in range(int(turn.max()) + 1):
        now = turn == number
        rows = scores if now.sum() == len(scores) else scores[line[now]]
        ahead[now] = np.count_nonzero(rows > truth[now, None], axis=1)
        tied[now] = np.count_nonzero(rows == truth[now, None], axis=1)
    return ahead, tied


def _sorted(
    scores: Scores, line: Positions, truth: Scores
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ahead, tied = np.empty(len(line), dtype=np.int64), np.empty(len(line), dtype=np.int64)
    rows, first = np.unique(line, return_index=True)
    ordered = np.sort(scores[rows], axis=1)  # nan last
    candidates = scores.shape[1] - np.count_nonzero(np.isnan(ordered), axis=1)
    for row, low, high, size in zip(
        ordered, first, [*first[1:], len(line)], candidates, strict=True
    ):
        below = np.searchsorted(row, truth[low:high], side="left")
        upto = np.searchsorted(row, truth[low:high], side="right")
        ahead[low:high] = size - upto
        tied[low:high] = upto - below
    return ahead, tied
