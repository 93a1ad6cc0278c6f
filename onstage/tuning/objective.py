"""What a sweep maximises: the validation metric of a fitted model."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np

from onstage.columns import Columns
from onstage.data.requests import ragged
from onstage.errors import ContractError
from onstage.evaluation.evaluate import EventTable, evaluate
from onstage.evaluation.summary import metrics_in, value_of
from onstage.metrics.catalog import is_headline
from onstage.models.base import Recommender
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.seeds import generator
from onstage.splitting.holdout import Holdout


ALL_EVENTS: Final = 1 << 62


@dataclass(frozen=True)
class Outcome:
    """What came of one trial.

    Attributes
    ----------
    value
        Larger is better.
    metrics
        Further metrics of the same evaluation, by name.
    fit_seconds, evaluate_seconds
        Wall time. Looks on the way to the end count as evaluation.
    series
        What the model measured on its way, by name and epoch.
    """

    value: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    fit_seconds: float = 0.0
    evaluate_seconds: float = 0.0
    series: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


class Watch(Protocol):
    """Whoever follows a trial on its way."""

    def wants(self, iteration: int) -> bool:
        """Whether a value is wanted after this iteration (from 1)."""
        ...

    def report(self, iteration: int, value: float) -> None:
        """Take the value of a look; raises whatever gives the trial up."""
        ...


class Objective(Protocol):
    """Fit and evaluate one configuration."""

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """Return what came of `config`."""
        ...


class ValidationObjective:
    """Fit on the training part, rank the events of the validation part.

    Parameters
    ----------
    holdout
        Usually a validation part. Its test part cannot be reached from here.
    metric
        A metric key, e.g. ``ndcg_at_10``.
    group
        Events that count: ``all``, ``repeat`` or ``unseen``.
    options
        Seed and threads of every fit. With several jobs, give each fewer threads.
    look_events
        Most events that a look on the way evaluates (:class:`onstage.tuning.config.Pruning`).
    """

    def __init__(
        self,
        holdout: Holdout,
        metric: str,
        group: str,
        options: FitOptions,
        *,
        look_events: int = 2000,
    ) -> None:
        self.holdout = holdout
        self.metric = metric
        self.group = group
        self.options = options
        self.look_events = look_events

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """Fit `config`, let `watch` look on the way, and evaluate on all events.

        Raises
        ------
        ContractError
            If there is no such metric, no event of the group, or no value in any of them.
        """
        model = build(config)
        start = time.perf_counter()
        looking = 0.0
        for iteration in model.iterations(self.holdout.train, self.options):
            if watch.wants(iteration):
                look = time.perf_counter()
                watch.report(iteration, self._look(model))
                looking += time.perf_counter() - look
        fitted = time.perf_counter()
        value, metrics = self._measure(model, self.holdout)
        ended = time.perf_counter()
        times = fitted - start - looking, ended - fitted + looking
        return Outcome(value, metrics, *times, model.training_curve)

    def _look(self, model: Recommender[Any]) -> float:
        return self._value(evaluate(model, self._sample))

    def _value(self, events: EventTable) -> float:
        value = value_of(events, self.metric, self.group)
        if math.isnan(value):
            message = (
                f"sweep: {self.metric} is undefined in every event of group {self.group!r}; choose "
                "another promotion.metric or promotion.group"
            )
            raise ContractError(message)
        return value

    def _measure(self, model: Recommender[Any], holdout: Holdout) -> tuple[float, dict[str, float]]:
        events = evaluate(model, holdout)
        value = self._value(events)
        groups = set(events[Columns.GROUP])
        group = self.group if self.group in groups else "all"
        names = [name for name in metrics_in(events) if is_headline(name)]
        values = {name: value_of(events, name, group) for name in names}
        return value, {name: one for name, one in values.items() if not math.isnan(one)}

    @cached_property
    def _sample(self) -> Holdout:
        """The events of a look: always the same, with an item of the wanted group."""
        holdout = self.holdout
        event = np.repeat(np.arange(len(holdout)), np.diff(holdout.relevant_indptr))
        wanted = {"repeat": holdout.repeat, "unseen": ~holdout.repeat}.get(self.group)
        eligible = np.unique(event if wanted is None else event[wanted])
        if len(eligible) <= self.look_events:
            return holdout
        rng = generator(self.options.seed, "sweep", "look")
        rows = np.sort(rng.choice(eligible, self.look_events, replace=False))
        return take(holdout, rows)


def take(holdout: Holdout, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Holdout:
    """The events at `rows` (ascending, each once) of a holdout, with the same history."""
    indptr = holdout.relevant_indptr
    _, pair = ragged(indptr[rows], indptr[rows + 1])
    part = replace(
        holdout,
        requests=holdout.requests.take(rows),
        candidates=holdout.candidates.take(rows),
        relevant_indptr=np.concatenate(([0], np.cumsum(np.diff(indptr)[rows]))),
        relevant=holdout.relevant[pair],
        repeat=holdout.repeat[pair],
    )
    part.__dict__["past"] = holdout.past
    return part
