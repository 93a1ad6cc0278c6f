"""Objectives that travel: they name what they need, and a worker reads it from the store."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from onstage.data.clock import Clock
from onstage.data.store import Reference, digest_json
from onstage.evaluation.ratings.folds import Fold
from onstage.models.catalog import ModelConfig
from onstage.models.config import FitOptions
from onstage.pipeline.exams import read_log
from onstage.pipeline.ratings.pairs import all_ratings, folds_of, held_out, sample_of
from onstage.pipeline.workspace import Workspace
from onstage.splitting.protocol import Protocol
from onstage.tuning.objective import Outcome, ValidationObjective, Watch
from onstage.tuning.ratings.objective import FoldsObjective


@dataclass(frozen=True)
class StoredObjective:
    """The primary protocol's validation part of an accepted log, read once in a process.

    Attributes
    ----------
    folder
        The accepted log, by a path that all workers see.
    """

    folder: Path
    clock: Clock
    protocol: Protocol
    metric: str
    group: str
    seed: int
    threads: int
    look_events: int

    @classmethod
    def of(cls, workspace: Workspace, validated: Reference) -> Self:
        """What the sweeps of a configuration maximise."""
        config, rules = workspace.config, workspace.mlflow.promotion
        return cls(
            workspace.store.path(validated),
            config.clock,
            config.primary,
            rules.metric,
            rules.group,
            config.seed,
            workspace.settings.threads,
            config.sweep.pruning.events,
        )

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """As :class:`onstage.tuning.objective.ValidationObjective`."""
        return _opened(self)(config, watch)


@lru_cache(maxsize=1)
def _opened(stored: StoredObjective) -> ValidationObjective:
    log = read_log(stored.folder, stored.clock)
    return ValidationObjective(
        log.exam(stored.protocol).validation,
        stored.metric,
        stored.group,
        FitOptions(stored.seed, stored.threads, log.availability),
        look_events=stored.look_events,
    )


@dataclass(frozen=True)
class StoredFolds:
    """Folds of the ratings of an accepted log, cut once in a process."""

    workspace: Workspace
    validated: Reference

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        """As :class:`onstage.tuning.ratings.objective.FoldsObjective`, on the sweep's folds."""
        return FoldsObjective(self.swept, self.workspace.config.seed)(config, watch)

    @property
    def swept(self) -> list[Fold]:
        """Folds of all pairs but the hold-out, which cannot be reached from here."""
        return self._once("swept", self.workspace.config.ratings.sweep.folds)[:-1]

    @property
    def compared(self) -> list[Fold]:
        """Folds of the comparison's sample; its hold-out is the last."""
        return self._once("compared", self.workspace.config.ratings.folds)

    def _once(self, which: str, k: int) -> list[Fold]:
        config = self.workspace.config
        key = digest_json([which, self.validated.key, config.ratings, config.seed, config.clock])
        if key not in _CUT:
            ratings = all_ratings(self.workspace, self.validated)
            if which == "compared":
                ratings = sample_of(self.workspace, ratings)
            kept = held_out(self.workspace, ratings)
            _CUT.clear()
            _CUT[key] = [*folds_of(self.workspace, kept.train, k), kept]
        return _CUT[key]


_CUT: Final[dict[str, list[Fold]]] = {}
"""The last folds of this process."""
