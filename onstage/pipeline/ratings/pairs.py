"""The ratings of an accepted log, and the same folds for whoever asks."""

from typing import Any

from onstage.data.store import Reference
from onstage.evaluation.ratings.folds import Fold, hold_out, k_folds, sampled
from onstage.models.catalog import ModelConfig
from onstage.models.ratings.target import Ratings, Target
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Workspace
from onstage.seeds import generator


def all_ratings(workspace: Workspace, validated: Reference) -> Ratings:
    """The configured target of every pair of the log."""
    log = accepted_log(workspace, validated)
    return Ratings.of(log.dataset, workspace.config.ratings.target)


def held_out(workspace: Workspace, ratings: Ratings) -> Fold:
    """What may be looked at, and the hold-out."""
    rng = generator(workspace.config.seed, "ratings", "holdout")
    return hold_out(ratings, workspace.config.ratings.holdout_share, rng)


def folds_of(workspace: Workspace, ratings: Ratings, k: int) -> list[Fold]:
    """Folds of the part that may be looked at."""
    return k_folds(ratings, k, generator(workspace.config.seed, "ratings", "folds"))


def sample_of(workspace: Workspace, ratings: Ratings) -> Ratings:
    """The pairs that a comparison looks at."""
    rng = generator(workspace.config.seed, "ratings", "sample")
    return sampled(ratings, workspace.config.ratings.sample, rng)


def with_target(config: ModelConfig, target: Target) -> Any:  # noqa: ANN401  # the same model
    """The configuration with another target."""
    return config.model_copy(update={"target": target})


def unit_of(workspace: Workspace) -> str:
    """What the target counts, before the logarithm: ``seconds``, ``weight`` or ``rating``."""
    target, source = workspace.config.ratings.target, workspace.config.data.interactions
    if target == "log_duration" or (target == "log_weight" and source.weight == "duration"):
        return "seconds"
    return "weight" if target == "log_weight" else "rating"
