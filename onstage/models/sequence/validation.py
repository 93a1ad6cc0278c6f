"""The newest part of the training rows, held back to say when to stop."""

from dataclasses import dataclass

import numpy as np

from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.errors import FitError
from onstage.models.sequence.live import LiveSets
from onstage.types import Positions, Scores


MOST = 2000
"""Events that are ranked after an epoch."""
DEPTH = 10


@dataclass(frozen=True, eq=False)
class Newest:
    """Rows to learn from before a cut in time, and events after it."""

    train: Dataset
    history: History
    requests: Requests
    tokens: Positions
    positive: Positions

    @classmethod
    def cut(
        cls,
        dataset: Dataset,
        share: float,
        availability: AvailabilityIndex | None,
        rng: np.random.Generator,
    ) -> "Newest":
        """Hold back the newest `share` of the rows: all rows at the cut's instant or later.

        Raises
        ------
        FitError
            If one side has no rows, or nothing that came after can be asked for.
        """
        at = dataset.time[int((1 - share) * len(dataset))]
        train = dataset.before(at)
        history = History(dataset)
        later = np.flatnonzero(dataset.time >= at)
        requests = Requests(dataset.user[later], dataset.time[later])
        asked = (train.item_counts[dataset.item[later]] > 0) & (history.sizes(requests) > 0)
        events = later[asked]
        if len(train) == 0 or len(events) == 0:
            message = (
                f"patience: the rows before {dataset.clock.render(int(at))}, or those from then "
                "on, say nothing; raise validation_share or set patience to 0"
            )
            raise FitError(message)
        if len(events) > MOST:
            events = np.sort(rng.choice(events, MOST, replace=False))
        live = LiveSets.at(availability, dataset.n_items, dataset.time[events])
        tokens = live.padded(live.of)
        known = np.append(False, train.item_counts > 0)  # token 0 is nobody
        tokens = np.where(known[tokens], tokens, 0)
        positive = dataset.item[events] + 1
        inside = (tokens == positive[:, None]).any(axis=1)
        kept = events[inside]
        asked_at = Requests(dataset.user[kept], dataset.time[kept])
        return cls(train, history, asked_at, tokens[inside], positive[inside])

    def ndcg(self, scores: Scores) -> float:
        """Mean NDCG@10 of the positives; ties stand at the mean of their block."""
        own = scores[self.tokens == self.positive[:, None]][:, None]
        there = self.tokens > 0
        ahead = ((scores > own) & there).sum(axis=1)
        tied = ((scores == own) & there).sum(axis=1)
        rank = ahead + (tied - 1) / 2
        return float(np.where(rank < DEPTH, 1 / np.log2(rank + 2), 0.0).mean())
