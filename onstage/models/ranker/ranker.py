"""Our ranker of who is live: the user's memory, everybody's behaviour, and similar items."""

import logging
from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from onstage.availability.candidates import Candidates
from onstage.availability.index import AvailabilityIndex
from onstage.data.dataset import Dataset
from onstage.data.history import History
from onstage.data.requests import Requests
from onstage.features.live.asked import Asked
from onstage.features.live.own import Columns
from onstage.features.live.past import Past
from onstage.features.live.table import LivePast
from onstage.models.base import Recommender
from onstage.models.config import FitOptions
from onstage.models.pairs import Pairs, pairs
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.events import best_of, drawn, events_of, fewer, parts
from onstage.models.ranker.signals import Signals
from onstage.models.ranker.trees import Lessons, Trees, grown
from onstage.models.sequence.engine import need_torch
from onstage.models.state import State
from onstage.seeds import integer
from onstage.types import Positions, Scores


logger = logging.getLogger(__name__)

CHUNK_PAIRS = 1 << 19
"""Pairs whose features are held at once: some 130 MiB."""

TREES = "trees"


class Ranker(Recommender[RankerConfig]):
    r"""Rank the live candidates of each request by boosted trees over features of that moment.

    Two stages. The first scores every candidate by :math:`s + w \ln(1 + n)`, `s` the similarity
    to what the user had (EASE where the catalogue is small, else the sum of cosines) and `n` the
    user's visits. The best `head` of a request are then ordered by the trees; the others stay
    below them, in the first stage's order. With no more candidates than `head` the trees rank all.

    The trees are a LambdaMART learned from past events of the training rows: a user, an instant,
    everybody who was live by somebody else's row, and whom the user chose. Features are those of
    :class:`onstage.features.live.table.LivePast` and the scores of simpler models
    (:class:`onstage.models.ranker.signals.Signals`), fitted on rows before the events.

    What it may look at when it answers is the history it was told to observe united with the rows
    it was trained on. Nothing at or after the time of a request changes an answer.

    References
    ----------
    ``docs/ranker.md``. Burges, MSR-TR-2010-82, for LambdaMART.
    """

    stochastic: ClassVar[bool] = True
    watches_everybody: ClassVar[bool] = True

    _watched: tuple[History | None, LivePast] | None = None
    _threads: int = 0

    @override
    def knows_users(self, requests: Requests) -> NDArray[np.bool_]:
        """Whether the user has a row before the request, in the training or in the history."""
        by_user = self._live.past.by_user
        return (requests.users >= 0) & (by_user.counts(requests.users, requests.times) > 0)

    @override
    def knows_items(self, items: Positions) -> NDArray[np.bool_]:
        """Every item: that nobody has had it yet is an answer too."""
        return np.ones(len(items), dtype=np.bool_)

    @property
    def importance(self) -> dict[str, float]:
        """Share of the loss that each feature took away, largest first; empty without trees."""
        return {} if self._trees is None else self._trees.importance()

    @override
    def scored(
        self, requests: Requests, candidates: Candidates, *, cells: int = CHUNK_PAIRS
    ) -> Iterator[tuple[Positions, Positions, Scores]]:
        """Score candidates, one request a block; see :meth:`Core.scored`.

        Requests are taken in order of their candidate sets, so that those of one instant share
        what everybody did.
        """
        order = np.argsort(candidates.of, kind="stable")
        arranged = candidates.arranged(order)
        for some in pairs(arranged, np.arange(len(order)), min(cells, CHUNK_PAIRS)):
            block = requests.take(order[some.rows])
            for rows, items, scores in self._scored_pairs(block, some):
                yield order[rows], items, scores

    @override
    def features(
        self, requests: Requests, candidates: Candidates
    ) -> Mapping[str, NDArray[np.float32]]:
        columns = []
        for some in pairs(candidates, np.arange(len(requests)), CHUNK_PAIRS):
            kept = np.flatnonzero(~some.excluded)
            block = requests.take(some.rows)
            asked = Asked(block, some.line[kept], some.item[kept], self.dataset.n_items)
            columns.append(self._columns(asked))
        return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}

    @property
    def _live(self) -> LivePast:
        if self._watched is None or self._watched[0] is not self._history:
            past = Past.of(self.dataset, self._history)
            self._watched = self._history, LivePast(past)
        return self._watched[1]

    @override
    def _adopt(self, dataset: Dataset) -> None:
        super()._adopt(dataset)
        self._watched = None

    @override
    def _fit(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> None:
        if self.config.sequence is not None:
            need_torch("ranker with `sequence`")
        self._threads = options.threads
        lessons = self._lessons(dataset, rng, options)
        self._signals = Signals.fit(self.config, dataset, options)
        self._trees = None
        self._text = ""
        n_events, n_pairs = len(lessons.sizes), len(lessons.chosen)
        if n_events >= self.config.min_events:
            self._text = grown(self.config, lessons, seed=integer(rng), threads=options.threads)
            self._trees = Trees(self._text)
        top = ", ".join(f"{name} {share:.0%}" for name, share in list(self.importance.items())[:5])
        logger.info("ranker: %d events, %d pairs; %s", n_events, n_pairs, top or "no trees")

    def _lessons(self, dataset: Dataset, rng: np.random.Generator, options: FitOptions) -> Lessons:
        """Past events with the features of that moment, models fitted before them."""
        config = self.config
        index = options.availability or AvailabilityIndex.from_interactions(dataset)
        live = LivePast(Past.of(dataset))
        tables: list[Columns] = []
        chosen, sizes = [np.empty(0, dtype=np.bool_)], [np.empty(0, dtype=np.int64)]
        most = -(-config.events // config.refits)
        for rows in parts(drawn(config, dataset, rng), dataset.time, config.refits):
            known = dataset.before(int(dataset.time[rows[0]]))
            signals = Signals.fit(config, known, options)
            for whole, is_target in events_of(dataset, index, rows, most, rng):
                kept = self._head(whole, live, signals) | is_target
                asked, target = whole.take(np.flatnonzero(kept)), is_target[kept]
                some = fewer(asked, target, config.negatives, rng)
                asked = asked.take(some)
                tables.append(live.features(asked) | signals.features(asked, live.past))
                chosen.append(target[some])
                sizes.append(np.diff(asked.bounds))
        return Lessons(
            *_stacked(tables, n_pairs=sum(map(len, chosen))),
            np.concatenate(chosen),
            np.concatenate(sizes),
        )

    @override
    def _score(self, requests: Requests, items: Positions) -> Scores:
        n, m = len(requests), len(items)
        asked = Asked(requests, np.repeat(np.arange(n), m), np.tile(items, n), self.dataset.n_items)
        return self._ranked(asked).reshape(n, m)

    @override
    def _score_pairs(self, requests: Requests, some: Pairs) -> Scores:
        kept = np.flatnonzero(~some.excluded)
        asked = Asked(requests, some.line[kept], some.item[kept], self.dataset.n_items)
        scores = np.zeros(len(some.item), dtype=np.float32)
        scores[kept] = self._ranked(asked)
        return scores

    def _ranked(self, asked: Asked) -> Scores:
        if self._trees is None:
            return self._first_stage(asked, self._live, self._signals)
        if np.diff(asked.bounds).max(initial=0) <= self.config.head:
            return self._by_trees(asked, self._trees)
        first = self._first_stage(asked, self._live, self._signals)
        rows = np.flatnonzero(best_of(asked, first, self.config.head))
        scores = np.full(len(asked), -np.inf, dtype=np.float32)
        scores[rows] = self._by_trees(asked.take(rows), self._trees)
        return _below(asked, scores, first)

    def _by_trees(self, head: Asked, trees: Trees) -> Scores:
        columns = self._columns(head)
        features = np.stack([columns[name] for name in trees.names], axis=1)
        return trees.scores(features, threads=self._threads)

    def _columns(self, asked: Asked) -> Columns:
        return self._live.features(asked) | self._signals.features(asked, self._live.past)

    def _head(self, asked: Asked, live: LivePast, signals: Signals) -> NDArray[np.bool_]:
        """Which pairs the trees will see."""
        if np.diff(asked.bounds).max(initial=0) <= self.config.head:
            return np.ones(len(asked), dtype=np.bool_)
        return best_of(asked, self._first_stage(asked, live, signals), self.config.head)

    def _first_stage(self, asked: Asked, live: LivePast, signals: Signals) -> Scores:
        visits = live.own.visits(asked)
        similarity = signals.similarity(asked, live.past)
        return np.asarray(
            similarity + np.float32(self.config.own_weight) * np.log1p(visits), dtype=np.float32
        )

    @override
    def _state(self) -> State:
        return {
            **self._signals.state(),
            TREES: np.frombuffer(self._text.encode(), dtype=np.uint8),
        }

    @override
    def _restore(self, dataset: Dataset, state: State) -> None:
        self._signals = Signals.restored(self.config, dataset, state)
        self._text = state[TREES].tobytes().decode()
        self._trees = Trees(self._text) if self._text else None


def _stacked(tables: list[Columns], n_pairs: int) -> tuple[NDArray[np.float32], list[str]]:
    """Tables one below the other, with the features that all of them have."""
    names = [name for name in (tables[0] if tables else ()) if all(name in t for t in tables)]
    features = np.empty((n_pairs, len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        features[:, column] = np.concatenate([table[name] for table in tables])
    return features, names


def _below(asked: Asked, scores: Scores, first: Scores) -> Scores:
    """Put what the trees did not see below what they saw, in the order of the first stage."""
    tail = np.flatnonzero(np.isneginf(scores))
    if len(tail) == 0:
        return scores
    starts = asked.bounds[:-1][np.diff(asked.bounds) > 0]
    line = np.searchsorted(starts, tail, side="right") - 1
    floor = np.minimum.reduceat(np.where(np.isneginf(scores), np.inf, scores), starts)
    best = np.maximum.reduceat(np.where(np.isneginf(scores), first, -np.inf), starts)
    scores[tail] = floor[line] - 1 - (best[line] - first[tail])
    return scores
