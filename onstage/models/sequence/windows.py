"""Sequences a user: in order of time, the newest kept, padded left (S1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests, ragged
from onstage.types import Positions, Ticks


@dataclass(frozen=True, eq=False)
class Batch:
    """Some windows side by side, each padded left to the longest.

    Attributes
    ----------
    tokens : ndarray of int64, shape (n_windows, length)
        Item positions from 1; 0 is padding.
    times : ndarray of int64, shape (n_windows, length)
    line, column : ndarray of int64, shape (n_targets,)
        Where each target's prefix ends: it may look at ``tokens[line, :column + 1]``.
    targets : ndarray of int64, shape (n_targets,)
        Tokens; what came next. Zeros where that is not known.
    at : ndarray of int64, shape (n_targets,)
        Ticks; when it came, or is asked for.
    row : ndarray of int64, shape (n_targets,)
        Row number of the target, or of the request.
    """

    tokens: Positions
    times: Ticks
    line: Positions
    column: Positions
    targets: Positions
    at: Ticks
    row: Positions

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, windows: slice) -> "Batch":
        """The windows of a slice."""
        low, high, _ = windows.indices(len(self))
        own = (self.line >= low) & (self.line < high)
        return Batch(
            self.tokens[low:high],
            self.times[low:high],
            self.line[own] - low,
            self.column[own],
            self.targets[own],
            self.at[own],
            self.row[own],
        )


@dataclass(frozen=True, eq=False)
class Windows:
    """Stretches of rows to learn from: the inputs, and after each of them its target.

    Attributes
    ----------
    tokens, times : ndarray of int64, shape (n_rows,)
        Rows by user, then time, then place in the log.
    starts, lengths : ndarray of int64, shape (n_windows,)
        Inputs are ``starts .. starts + lengths - 1``; each one's target is the row after it.
    """

    tokens: Positions
    times: Ticks
    starts: Positions
    lengths: Positions

    @classmethod
    def of(cls, dataset: Dataset, window: int, prefixes: Literal["all", "last"]) -> "Windows":
        """Cut every user's rows into windows of `window` targets, from the newest back.

        A user with one row has nothing to predict and gives none.
        """
        order = np.lexsort((dataset.time, dataset.user))
        stops = np.cumsum(dataset.user_counts)
        targets = np.maximum(dataset.user_counts - 1, 0)
        cuts = -(-targets // window) if prefixes == "all" else np.minimum(targets, 1)
        user, number = ragged(np.zeros(len(cuts), dtype=np.int64), cuts)
        last = stops[user] - 1 - number * window
        lengths = np.minimum(targets[user] - number * window, window)
        return cls(dataset.item[order] + 1, dataset.time[order], last - lengths, lengths)

    def __len__(self) -> int:
        return len(self.starts)

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[Positions]:
        """All windows once in random batches of about equal length, shape (at most size,) each."""
        order = rng.permutation(len(self))
        order = order[np.argsort(self.lengths[order], kind="stable")]
        cuts = np.split(order, np.arange(size, len(order), size))
        for number in rng.permutation(len(cuts)):
            yield cuts[number]

    def batch(self, windows: Positions) -> Batch:
        """The rows of some windows."""
        lengths = self.lengths[windows]
        line, row = ragged(self.starts[windows], self.starts[windows] + lengths)
        width = int(lengths.max())
        column = row - (self.starts[windows] + lengths)[line] + width
        shape = (len(windows), width)
        return Batch(
            _laid(self.tokens, row, line, column, shape),
            _laid(self.times, row, line, column, shape),
            line,
            column,
            self.tokens[row + 1],
            self.times[row + 1],
            row + 1,
        )


def _laid(
    values: NDArray[np.int64],
    row: Positions,
    line: Positions,
    column: Positions,
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    table = np.zeros(shape, dtype=np.int64)
    table[line, column] = values[row]
    return table


class Rows(Protocol):
    """Rows by user, then time: :class:`onstage.data.history.History`, or others arranged so."""

    @property
    def item(self) -> Positions:
        """Item of each row."""
        ...

    @property
    def time(self) -> Ticks:
        """Ticks of each row."""
        ...

    def bounds(self, requests: Requests) -> tuple[Positions, Positions]:
        """Half-open row ranges of what each request may see: rows before its time."""
        ...


def visible(
    history: Rows, requests: Requests, window: int, trained: NDArray[np.bool_]
) -> tuple[Positions, Positions]:
    """Request numbers and row numbers of what each request reads, oldest first.

    Its newest `window` rows, less those of items without training rows.
    """
    starts, stops = history.bounds(requests)
    line, row = ragged(np.maximum(starts, stops - window), stops)
    kept = trained[history.item[row]]
    return line[kept], row[kept]


def recent(history: Rows, requests: Requests, window: int, trained: NDArray[np.bool_]) -> Batch:
    """What each request reads (:func:`visible`), with one target each: unknown, at its time."""
    line, row = visible(history, requests, window, trained)
    counts = np.bincount(line, minlength=len(requests))
    width = max(int(counts.max(initial=0)), 1)
    column = np.arange(len(row)) - np.cumsum(counts)[line] + width
    shape = (len(requests), width)
    every = np.arange(len(requests))
    return Batch(
        _laid(history.item + 1, row, line, column, shape),
        _laid(history.time, row, line, column, shape),
        every,
        np.full(len(requests), width - 1),
        np.zeros(len(requests), dtype=np.int64),
        requests.times,
        every,
    )
