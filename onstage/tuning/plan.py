"""What one sweep does, as one value."""

import hashlib
import json
from dataclasses import dataclass, field

from onstage.models.catalog import ModelConfig
from onstage.tuning.config import Pruning
from onstage.tuning.space import Space


@dataclass(frozen=True)
class Plan:
    """Everything that decides which trials :func:`onstage.tuning.study.sweep` makes."""

    base: ModelConfig
    space: Space
    metric: str
    trials: int
    seed: int
    jobs: int = 1
    processes: int = 1
    constant_liar: bool = True
    timeout_seconds: float | None = None
    startup_trials: int = 8
    pruning: Pruning = field(default_factory=Pruning)
    looks: int | None = None
    """Looks that the objective offers, from 1, the last being the end; by default a look every
    `pruning.interval` of the model's iterations."""
    warm: ModelConfig | None = None
    """Tried before everything else, the default included."""

    @property
    def algorithm(self) -> str:
        """Whose hyperparameters are searched."""
        return self.base.algorithm

    @property
    def budget(self) -> int:
        """Trials there will be: no more than there are configurations."""
        size = self.space.size
        return self.trials if size is None else min(self.trials, size)

    @property
    def exhaustive(self) -> bool:
        """Whether every configuration of the space is tried."""
        return self.space.size is not None and self.space.size <= self.trials

    @property
    def study(self) -> str:
        """Name of the study: the same for the same search, whatever its number of trials."""
        what = {
            "base": self.base.model_dump(mode="json"),
            "space": self.space.model_dump(mode="json"),
            "metric": self.metric,
            "seed": self.seed,
            "startup_trials": self.startup_trials,
            "pruning": self.pruning.model_dump(mode="json"),
        }
        if self.warm is not None:
            what["warm"] = self.warm.model_dump(mode="json")
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        return f"{self.algorithm}-{digest[:12]}"
