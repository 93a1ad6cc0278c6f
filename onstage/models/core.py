"""What every recommender does on matrix positions: learn, and score candidates in blocks."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from onstage.availability.candidates import Candidates
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.errors import CapabilityError, NotFittedError
from onstage.models.config import FitOptions, RecommenderConfig
from onstage.models.pairs import Pairs, alone, pairs
from onstage.models.state import State
from onstage.seeds import generator
from onstage.types import Positions, Scores


BLOCK_CELLS = 1 << 22
"""Most scores held at once: 16 MiB of float32."""

EXPLAINERS: Final = ("als", "ease", "item_knn")
"""Algorithms whose score of an item is a sum over the user's own items."""

ConfigT = TypeVar("ConfigT", bound=RecommenderConfig)


class Core(ABC, Generic[ConfigT]):
    """The half of :class:`onstage.models.base.Recommender` that knows positions only.

    Subclasses write a few small methods; blocks, strangers and exclusions live here, once.

    Attributes
    ----------
    stochastic
        Whether what is learned depends on the seed: such a model is examined under several.
    watches_everybody
        Whether an answer depends on earlier rows of other users than the one who asks.
    """

    stochastic: ClassVar[bool] = False
    watches_everybody: ClassVar[bool] = False

    def __init__(self, config: ConfigT) -> None:
        self.config = config
        self._dataset: Dataset | None = None
        self._history: History | None = None
        self._popularity: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    @property
    def dataset(self) -> Dataset:
        """What the model was fitted on.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        """
        if self._dataset is None:
            raise NotFittedError(self.config.algorithm)
        return self._dataset

    @property
    def history(self) -> History:
        """What the model may look at when it answers."""
        if self._history is None:
            self._history = History(self.dataset)
        return self._history

    @property
    def training_curve(self) -> Mapping[str, Mapping[int, float]]:
        """What was measured on the way, by name and epoch; nothing for most algorithms."""
        return {}

    def fit(self, dataset: Dataset, options: FitOptions | None = None) -> Self:
        """Learn from `dataset`. Fitting twice is the same as fitting once."""
        for _ in self.iterations(dataset, options):
            pass
        return self

    def iterations(self, dataset: Dataset, options: FitOptions | None = None) -> Iterator[int]:
        """Fit, and give control back after each iteration.

        At every stop the model is usable as it stands: score it, then go on (which ends in what
        :meth:`fit` would have learned) or leave the loop and keep it.

        Yields
        ------
        int
            Iterations done, from 1. Algorithms that learn in one go stop once.
        """
        options = options or FitOptions()
        rng = generator(options.seed, "fit", self.config.algorithm)
        for number, _ in enumerate(self._iterate(dataset, rng, options), start=1):
            if number == 1:
                self._adopt(dataset)
            yield number

    def observe(self, history: Dataset | History) -> Self:
        """Let the model look at `history` when it answers, without learning from it.

        The vocabulary must be that of the training data. Rows at or after a request's time are
        never used for that request, so the whole log may be given.
        """
        self._history = history if isinstance(history, History) else History(history)
        return self

    def scored(
        self, requests: Requests, candidates: Candidates, *, cells: int = BLOCK_CELLS
    ) -> Iterator[tuple[Positions, Positions, Scores]]:
        """Score candidates only, block by block: the core of ranking and of evaluation.

        Yields
        ------
        rows : ndarray of int64, shape (n,)
            Request numbers.
        items : ndarray of int64, shape (m,)
            Candidate positions, ascending.
        scores : ndarray of float32, shape (n, m)
            ``nan`` where the pair is no candidate; ``-inf`` where the model has no opinion; the
            training popularity in the whole row of a user the model does not know.
        """
        single = alone(candidates)
        for some in pairs(candidates, np.flatnonzero(single), cells):
            yield from self._scored_pairs(requests.take(some.rows), some)
        many = np.flatnonzero(~single)
        for line, items, excluded in candidates.take(many).blocks(cells):
            block = requests.take(many[line])
            scores = np.array(self._score(block, items), dtype=np.float32)
            scores[:, ~self.knows_items(items)] = -np.inf
            scores[np.isnan(scores)] = -np.inf
            scores[~self.knows_users(block)] = self._popularity[items]
            scores[excluded] = np.nan
            yield many[line], items, scores

    def features(
        self,
        requests: Requests,  # noqa: ARG002  # for subclasses
        candidates: Candidates,  # noqa: ARG002
    ) -> Mapping[str, NDArray[np.float32]]:
        """What the model looks at, name to one number a (request, candidate); most show nothing.

        Pairs stand by request, then by item; exclusions are left out.
        """
        return {}

    def _scored_pairs(
        self, requests: Requests, some: Pairs
    ) -> Iterator[tuple[Positions, Positions, Scores]]:
        scores = np.array(self._score_pairs(requests, some), dtype=np.float32)
        scores[np.isnan(scores) | ~self.knows_items(some.item)] = -np.inf
        strange = ~self.knows_users(requests)[some.line]
        scores[strange] = self._popularity[some.item[strange]]
        scores[some.excluded] = np.nan
        for number, start, stop in zip(some.rows, some.bounds, some.bounds[1:], strict=False):
            yield np.array([number]), some.item[start:stop], scores[None, start:stop]

    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the model can tell each request's user from a stranger, shape (n_requests,)."""
        counts = self.dataset.user_counts
        return (requests.users >= 0) & (counts[np.maximum(requests.users, 0)] > 0)

    def knows_items(self, items: Positions) -> NDArray[np.bool_]:
        """Whether the model has learned anything of each item, shape (n_items,)."""
        return np.asarray(self.dataset.item_counts[items] > 0)

    def state(self) -> dict[str, NDArray[Any]]:
        """What was learned, as named arrays (see :data:`State`)."""
        return dict(self._state())

    def restore(self, dataset: Dataset, state: State) -> Self:
        """Become the model that :meth:`state` was taken from. The counterpart of :meth:`fit`."""
        self._restore(dataset, state)
        self._adopt(dataset)
        return self

    def _adopt(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._popularity = self._fallback(dataset)
        self._history = None

    def _fallback(self, dataset: Dataset) -> NDArray[np.float32]:
        """What orders equal scores, and answers users the model does not know, shape (n_items,).

        Training rows of each item. Override where something else is meant by popular.
        """
        return dataset.item_counts.astype(np.float32)

    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        """Learn in one go. Every algorithm writes this or :meth:`_iterate`."""
        raise NotImplementedError

    def _iterate(
        self, dataset: Dataset, rng: np.random.Generator, options: FitOptions
    ) -> Iterator[None]:
        """Learn, stopping after each iteration: instead of :meth:`_fit` where it iterates."""
        self._fit(dataset, rng, options)
        yield

    @abstractmethod
    def _score(self, requests: Requests, items: Positions) -> Scores:
        """Score shared candidates, shape (n_requests, len(items)); ``items`` ascending.

        May return anything for users with position -1: the caller replaces those rows.
        """

    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        """Score candidates that differ from request to request, shape (len(some.item),).

        Override where that can be done faster than request by request.
        """
        scores = np.empty(len(some.item), dtype=np.float32)
        for line, (start, stop) in enumerate(zip(some.bounds, some.bounds[1:], strict=False)):
            one = requests.take(np.array([line]))
            scores[start:stop] = self._score(one, some.item[start:stop])[0]
        return scores

    @abstractmethod
    def _state(self) -> State: ...

    @abstractmethod
    def _restore(self, dataset: Dataset, state: State) -> None: ...

    def _similarity(self, items: Positions) -> Scores:  # noqa: ARG002  # for subclasses
        """Similarity of each item to all items, shape (len(items), n_items)."""
        message = f"{self.config.algorithm} cannot compare items"
        raise CapabilityError(message)

    def _contributions(
        self,
        request: Requests,  # noqa: ARG002  # for subclasses
        item: int,  # noqa: ARG002
    ) -> tuple[Positions, NDArray[np.float64]]:
        """What each of the user's own items adds to the score of `item`: positions and addends.

        `request` is one request of a user with a history, `item` a position.
        """
        message = (
            f"{self.config.algorithm} cannot explain a score by the user's own items; "
            f"{', '.join(EXPLAINERS[:-1])} and {EXPLAINERS[-1]} can"
        )
        raise CapabilityError(message)
