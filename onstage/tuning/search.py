"""The loop of a sweep: ask, fit, evaluate, tell."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from threading import Event
from typing import Any, Final, Protocol, TypeAlias

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState
from tqdm import tqdm

from onstage.errors import ConfigError, ContractError, OnstageError, StoreError, TrackingError
from onstage.models.catalog import ModelConfig
from onstage.seeds import generator, integer
from onstage.tuning.objective import Objective, Outcome
from onstage.tuning.plan import Plan
from onstage.tuning.recovery import recover
from onstage.tuning.seat import Seat, claim
from onstage.tuning.trials import (
    CONFIG,
    DEFAULT,
    ERROR,
    OUTCOME,
    PLANNED,
    SAME,
    WORKER,
    is_over,
    outcome_of,
)
from onstage.tuning.watch import TrialWatch


logger = logging.getLogger(__name__)

FAILURES: Final = (OnstageError, ArithmeticError, ValueError, RuntimeError, MemoryError)
"""What a configuration may do to a fit. Anything else is a fault of the program."""
FATAL: Final = (ContractError, StoreError, TrackingError)
"""What another configuration would not cure."""


Judge: TypeAlias = Callable[[list[FrozenTrial]], list[FrozenTrial]]
"""Trials as a sampler should see them."""
Elsewhere: TypeAlias = Callable[[Iterator[int], Callable[[], None]], None]
"""Whoever fills places of the budget instead, and calls back after each."""


class Mirror(Protocol):
    """Whoever shows trials."""

    def started(self, trial: FrozenTrial) -> None:
        """Show a trial as running."""
        ...

    def ended(self, trial: FrozenTrial) -> None:
        """Show what came of a trial."""
        ...


class Search:
    """Trials of one study.

    Parameters
    ----------
    plan, study, objective
        What to search, where it is kept, what is maximised.
    mirror
        Where it is shown, if anywhere.
    judge
        What the sampler is told of the trials that are over, instead of the trials themselves.

    Attributes
    ----------
    seat
        Who asks, where several processes search one study.
    """

    def __init__(
        self,
        plan: Plan,
        study: optuna.Study,
        objective: Objective,
        mirror: Mirror | None,
        judge: Judge | None = None,
    ) -> None:
        self.plan = plan
        self.study = study
        self.objective = objective
        self.mirror = mirror
        self.judge = judge
        self.seat = Seat()
        self._stop = Event()

    def recover(self) -> None:
        """Take up what an earlier process left, and lay down what is planned beforehand."""
        recover(self.study)
        self._lay_down()

    def _lay_down(self) -> None:
        """The warm start and the default first; then, in a small space, every other one."""
        first = self.plan.space.nearest(self.plan.base)
        planned = [first]
        if self.plan.warm is not None:
            warm = self.plan.space.nearest(self.plan.warm)
            planned = [warm, first] if warm != first else [first]
        if self.plan.exhaustive:
            planned += [values for values in self.plan.space.grid() if values not in planned]
        for values in planned:
            attributes = {PLANNED: values, DEFAULT: values == first}
            self.study.enqueue_trial(values, user_attrs=attributes, skip_if_exists=True)

    def over(self) -> list[FrozenTrial]:
        """Trials that used up their place."""
        return [t for t in self.study.get_trials(deepcopy=False) if is_over(t)]

    def run(self, *, progress: bool, elsewhere: Elsewhere | None = None) -> None:
        """Run trials until the budget or the time is used: here, or `elsewhere`."""
        done = len(self.over())
        with tqdm(
            total=self.plan.budget,
            initial=done,
            desc=f"sweep {self.plan.algorithm}",
            disable=None if progress else True,
        ) as bar:
            if elsewhere is not None:
                elsewhere(self._slots(done), lambda: self._advance(bar))
            elif self.plan.jobs == 1:
                self._one_by_one(bar, done)
            else:
                self._together(bar, done)

    def _one_by_one(self, bar: "tqdm[Any]", done: int) -> None:
        for slot in self._slots(done):
            self.trial(slot)
            self._advance(bar)

    def _together(self, bar: "tqdm[Any]", done: int) -> None:
        slots = self._slots(done)
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.plan.jobs, thread_name_prefix="trial") as pool:
            try:
                while True:
                    for slot in islice(slots, self.plan.jobs - len(running)):
                        running.add(pool.submit(self.trial, slot))
                    if not running:
                        return
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        future.result()
                        self._advance(bar)
            except BaseException:
                self._stop.set()
                raise

    def _slots(self, done: int) -> Iterator[int]:
        """Places of the budget that are left, while there is time; the first one always."""
        seconds = self.plan.timeout_seconds
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        for slot in range(done, self.plan.budget):
            if slot > 0 and time.monotonic() >= deadline:
                logger.info("%s: out of time after %d trials", self.plan.study, slot)
                return
            yield slot

    def _advance(self, bar: "tqdm[Any]") -> None:
        complete = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if complete:
            best = max(trial.value or 0.0 for trial in complete)
            bar.set_postfix_str(f"best {self.plan.metric} {best:.4f}", refresh=False)
        bar.update()

    def trial(self, slot: int) -> None:
        """Fill one place of the budget."""
        trial, config, error = self._ask(slot)
        if self.mirror is not None:
            self.mirror.started(self._frozen(trial.number))
        try:
            if config is None:
                self._failed(trial, error, 0.0)
            elif not self._known(trial):
                self._evaluate(trial, config)
        except BaseException:
            with suppress(UpdateFinishedTrialError):  # whoever sent it out has given it up
                self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise
        finally:
            frozen = self._frozen(trial.number)
            if self.mirror is not None and frozen.state.is_finished():
                self.mirror.ended(frozen)

    def _ask(self, slot: int) -> tuple[Trial, ModelConfig | None, Exception]:
        """Next trial with its configuration, seeded by its place: a resume draws the same."""
        purpose = ("sweep", self.plan.algorithm, str(slot))
        with self.seat.turn():
            self.study.sampler = TPESampler(
                n_startup_trials=self.plan.startup_trials,
                constant_liar=self.plan.constant_liar,
                seed=integer(generator(self.plan.seed, *purpose)),
            )
            if self.judge is not None:
                self._draw(self.judge)
            trial = self.study.ask()
            if self.seat.name is not None:
                trial.set_user_attr(WORKER, claim(self.seat.name, slot))
            try:
                config = self.plan.space.suggest(trial, self.plan.base)
            except ConfigError as error:
                return trial, None, error
            if trial.user_attrs.get(DEFAULT):
                config = self.plan.base
            trial.set_user_attr(CONFIG, config.model_dump(mode="json"))
        return trial, config, ConfigError()

    def _draw(self, judge: Judge) -> None:
        """Lay down what the sampler would try next if it saw the trials as `judge` does."""
        trials = self.study.get_trials(deepcopy=False)
        if any(trial.state is TrialState.WAITING for trial in trials):
            return
        seen = optuna.create_study(direction="maximize", sampler=self.study.sampler)
        seen.add_trials(judge([trial for trial in trials if is_over(trial)]))
        drawn = seen.ask()
        with suppress(ConfigError):  # the trial itself will fail of it, and say so
            self.plan.space.suggest(drawn, self.plan.base)
        self.study.enqueue_trial(drawn.params, user_attrs={PLANNED: drawn.params})

    def _known(self, trial: Trial) -> bool:
        """Take over the result of an earlier trial with the same configuration, if there is one."""
        config = trial.user_attrs[CONFIG]
        for other in self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if other.user_attrs.get(CONFIG) == config and other.value is not None:
                trial.set_user_attr(SAME, other.number)
                self._record(trial, Outcome(other.value, outcome_of(other).get("metrics", {})))
                self.study.tell(trial, other.value)
                return True
        return False

    def _evaluate(self, trial: Trial, config: ModelConfig) -> None:
        watch = TrialWatch.of(trial, config, self.plan, self._stop)
        start = time.perf_counter()
        try:
            outcome = self.objective(config, watch)
        except optuna.TrialPruned:
            self._record(trial, Outcome(math.nan, fit_seconds=time.perf_counter() - start))
            self.study.tell(trial, state=TrialState.PRUNED)
            return
        except FATAL:
            raise
        except FAILURES as error:
            self._failed(trial, error, time.perf_counter() - start)
            return
        if not math.isfinite(outcome.value):
            self._failed(trial, ValueError(f"the value is {outcome.value}"), outcome.fit_seconds)
            return
        self._record(trial, outcome)
        self.study.tell(trial, outcome.value)

    def _record(self, trial: Trial, outcome: Outcome) -> None:
        finite = {name: v for name, v in outcome.metrics.items() if math.isfinite(v)}
        trial.set_user_attr(
            OUTCOME,
            {
                "fit_seconds": outcome.fit_seconds,
                "evaluate_seconds": outcome.evaluate_seconds,
                "metrics": finite,
                "series": {name: dict(line) for name, line in outcome.series.items()},
            },
        )

    def _failed(self, trial: Trial, error: Exception, seconds: float) -> None:
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        logger.warning("%s: trial %d failed: %s", self.plan.study, trial.number, said)
        self._record(trial, Outcome(math.nan, fit_seconds=seconds))
        trial.set_user_attr(ERROR, said)
        self.study.tell(trial, state=TrialState.FAIL)

    def _frozen(self, number: int) -> FrozenTrial:
        return self.study.get_trials(deepcopy=False)[number]
