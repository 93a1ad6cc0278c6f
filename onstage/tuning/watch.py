"""Looks at a fit on the way: told to the study, which may give the trial up."""

from dataclasses import dataclass
from threading import Event

import optuna
from optuna.trial import Trial

from onstage.models.catalog import ModelConfig
from onstage.tuning.plan import Plan


@dataclass(frozen=True)
class TrialWatch:
    """Hands a trial's looks to the study."""

    trial: Trial
    interval: int
    """Iterations between two looks."""
    last: int
    """Iterations of the fit; 0 where nothing is looked at."""
    stop: Event
    """Set where the sweep is to end now."""

    @classmethod
    def of(cls, trial: Trial, config: ModelConfig, plan: Plan, stop: Event) -> "TrialWatch":
        """As often as `plan` says, over as many iterations as `config` has."""
        if plan.looks is not None:
            return cls(trial, 1, plan.looks, stop)
        last = _length(config) if plan.pruning.enabled else 0
        return cls(trial, plan.pruning.interval, last, stop)

    def wants(self, iteration: int) -> bool:
        """Every `interval` iterations, but not after the last: that is evaluated in full."""
        if self.stop.is_set():
            raise KeyboardInterrupt
        return iteration % self.interval == 0 and iteration < self.last

    def report(self, iteration: int, value: float) -> None:
        """Record the look; raises TrialPruned where the trial is not worth going on with."""
        self.trial.report(value, iteration)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def _length(config: ModelConfig) -> int:
    """Iterations of a fit; epochs, where it learns in epochs; 0 where it learns in one go."""
    return int(getattr(config, "iterations", getattr(config, "epochs", 0)))
