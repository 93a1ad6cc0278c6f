"""What SASRec says comes next, as a signal of the ranker (needs torch)."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from onstage.data.dataset import Dataset
from onstage.data.requests import Requests
from onstage.features.live.asked import Asked
from onstage.features.live.past import Past
from onstage.models.config import FitOptions
from onstage.models.sequence.config import SasrecConfig
from onstage.models.sequence.sasrec import Sasrec
from onstage.models.sequence.windows import visible
from onstage.models.state import State
from onstage.types import Positions, Scores, Ticks


PREFIX = "sequence."


@dataclass(frozen=True, eq=False)
class PastRows:
    """The past in the order in which a sequence model reads it: by user, then time.

    Rows of one user and tick stand in the order of :class:`Past`, whatever the log's was.
    """

    past: Past

    @cached_property
    def item(self) -> Positions:
        """Item of each row."""
        return self.past.item[self.past.by_user.order]

    @property
    def time(self) -> Ticks:
        """Ticks of each row."""
        return self.past.by_user.time

    def bounds(self, requests: Requests) -> tuple[Positions, Positions]:
        """Half-open row ranges of the rows before each request; empty without one."""
        line = self.past.by_user
        newest = line.before(requests.users, requests.times)
        there = newest >= 0
        first = newest - line.place[np.maximum(newest, 0)]
        return np.where(there, first, 0), np.where(there, newest + 1, 0)


@dataclass(frozen=True, eq=False)
class SequenceSignal:
    """SASRec, learned from one set of rows.

    Attributes
    ----------
    model
        None where no user had two rows, so that nothing came next.
    """

    model: Sasrec | None

    @classmethod
    def fit(cls, config: SasrecConfig, dataset: Dataset, options: FitOptions) -> Self:
        """Learn from `dataset`, which may have no row at all.

        The checkpoint of `options` is left alone: it is one fit's, and a ranker makes several.
        """
        if dataset.user_counts.max(initial=0) <= 1:
            return cls(None)
        return cls(Sasrec(config).fit(dataset, replace(options, checkpoint=None)))

    def scores(self, asked: Asked, past: Past) -> Scores:
        """Score of every pair, shape (n_pairs,).

        ``nan`` where the item has no row in what was learned from, or the user none before the
        request of an item that has.
        """
        if self.model is None:
            return np.full(len(asked), np.nan, dtype=np.float32)
        rows = PastRows(past)
        scores = self.model.paired(rows, asked.requests, asked.line, asked.item)
        trained = self.model.knows_items(np.arange(asked.n_items))
        read, _ = visible(rows, asked.requests, self.model.config.window, trained)
        heard = np.bincount(read, minlength=len(asked.requests)) > 0
        return np.where(trained[asked.item] & heard[asked.line], scores, np.float32(np.nan))

    def state(self) -> State:
        """What was learned, as named arrays; none without a model."""
        learned = {} if self.model is None else self.model.state()
        return {PREFIX + name: values for name, values in learned.items()}

    @classmethod
    def restored(cls, config: SasrecConfig, dataset: Dataset, state: State) -> Self:
        """The counterpart of :meth:`state`; `dataset` is what :meth:`fit` was given."""
        own = {n.removeprefix(PREFIX): v for n, v in state.items() if n.startswith(PREFIX)}
        return cls(Sasrec(config).restore(dataset, own) if own else None)
