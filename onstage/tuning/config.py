"""How much to search: configuration only."""

from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from onstage.errors import ConfigError


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Pruning(_Config):
    """When a trial that learns in iterations is given up."""

    enabled: bool = True
    """Whether trials are given up at all."""
    interval: PositiveInt = 5
    """Iterations between looks at the validation metric. A look costs one evaluation, on
    `events` events."""
    patience: NonNegativeInt = 1
    """Looks that every trial is given before it may be given up."""
    after: NonNegativeInt = 4
    """Completed trials before any is given up; the median of their values at the same iteration
    is what a trial must reach."""
    events: PositiveInt = 2000
    """Most events a look evaluates, the same ones each time. The value of a finished trial always
    comes from all events."""


class AlgorithmSweep(_Config):
    """What is different for one algorithm."""

    trials: PositiveInt | None = None
    """Trials; by default the sweep's."""
    space: dict[str, dict[str, Any] | None] = {}
    """Changes to the shipped search space: ``{factors: {high: 32}, alpha: null}``; null keeps the
    parameter at its default."""
    fixed: dict[str, Any] = {}
    """Hyperparameters that are set and not searched."""


class SweepConfig(_Config):
    """How many trials, and of which algorithms. The metric is the promotion's."""

    trials: PositiveInt = 20
    """Trials for each algorithm; the first is always its default configuration. A space with
    fewer configurations than that is searched exhaustively."""
    timeout_seconds: PositiveFloat | None = None
    """For each algorithm: after this, no new trial starts."""
    jobs: PositiveInt = 1
    """Trials at the same time, in threads. With more than 1 the result depends on their timing."""
    processes: PositiveInt = 1
    """Trials at the same time, each in a process of its own, where threads would wait for each
    other. With more than 1 the result depends on their timing; not together with `jobs`."""
    constant_liar: bool = True
    """Whether the sampler takes the trials that are running for bad ones, so that those at the
    same time are not all alike. Changes nothing where one runs at a time."""
    startup_trials: NonNegativeInt = 8
    """Random trials before the sampler learns from what it saw."""
    pruning: Pruning = Pruning()
    """When a trial is given up half-way."""
    algorithms: dict[str, AlgorithmSweep] = {}
    """What is tuned: ``{als: {}, ease: {trials: 10}}``."""

    @model_validator(mode="after")
    def _threads_or_processes(self) -> Self:
        if self.jobs > 1 and self.processes > 1:
            message = (
                f"jobs {self.jobs} and processes {self.processes} exclude each other: "
                "leave one of them at 1"
            )
            raise ValueError(message)
        return self

    @property
    def at_once(self) -> int:
        """Trials at the same time."""
        return max(self.jobs, self.processes)

    def with_processes(self, processes: int) -> Self:
        """The same sweep with trials in `processes` processes, and no threads.

        Raises
        ------
        ConfigError
            If `processes` is less than 1.
        """
        if processes < 1:
            message = f"processes {processes}: a sweep needs at least 1"
            raise ConfigError(message)
        return self.model_copy(update={"processes": processes, "jobs": 1})

    def with_trials(self, trials: int) -> Self:
        """The same sweep with `trials` trials for every algorithm.

        Raises
        ------
        ConfigError
            If `trials` is less than 1.
        """
        if trials < 1:
            message = f"trials {trials}: a sweep needs at least 1, the default configuration"
            raise ConfigError(message)
        algorithms = {
            name: one.model_copy(update={"trials": None}) for name, one in self.algorithms.items()
        }
        return self.model_copy(update={"trials": trials, "algorithms": algorithms})
