"""How ratings models are compared and tuned: configuration only."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

from onstage.errors import ConfigError
from onstage.models.catalog import RatingModelConfig
from onstage.models.ratings.baseline_only import BaselineOnlyConfig
from onstage.models.ratings.co_clustering import CoClusteringConfig
from onstage.models.ratings.knn_baseline import KnnBaselineConfig
from onstage.models.ratings.knn_means import KnnMeansConfig
from onstage.models.ratings.nmf import NmfConfig
from onstage.models.ratings.slope_one import SlopeOneConfig
from onstage.models.ratings.svd import SvdConfig
from onstage.models.ratings.svdpp import SvdppConfig
from onstage.models.ratings.target import Target


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class FoldPruning(_Config):
    """When a trial is given up before its last fold."""

    enabled: bool = True
    """Whether trials are given up at all."""
    after: Annotated[int, Field(ge=2)] = 2
    """Trials with all folds before any is given up."""
    margin: PositiveFloat = 1.0
    """A trial is given up when, on the folds it had, it is behind the best trial on the same folds
    by more than this many times what those folds misjudged completed trials by."""


class RatingsSweep(_Config):
    """The search for the best ratings model."""

    algorithm: str = "svd"
    """Which ratings model is tuned."""
    trials: PositiveInt = 30
    """Trials; the first is the last sweep's best, if there is one, then the default."""
    folds: Annotated[int, Field(ge=2)] = 3
    """Folds of the training part; the mean RMSE over them is minimised."""
    space: dict[str, dict[str, Any] | None] = {}
    """Changes to the shipped search space, as in `sweep.algorithms`."""
    fixed: dict[str, Any] = {}
    """Hyperparameters that are set and not searched."""
    startup_trials: NonNegativeInt = 8
    """Random trials before the sampler learns from what it saw."""
    pruning: FoldPruning = FoldPruning()
    """When a trial is given up before its last fold."""
    warm_start: bool = True
    """Try the last sweep's best first, when the data or this section have changed since."""


class RatingsConfig(_Config):
    """Ratings models: what they learn, how they are compared and tuned."""

    target: Target = "rating"
    """What is learned of a pair: ``rating``, ``log_duration`` or ``log_weight``; it replaces the
    `target` of the models below."""
    sample: PositiveInt = 100_000
    """Pairs that the comparison looks at, drawn at random; all if there are no more. The sweep
    looks at all."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Folds of the comparison."""
    holdout_share: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.2
    """Share of the pairs that no fold sees: the hold-out check of comparison and sweep."""
    models: dict[str, RatingModelConfig] = {
        "svd": SvdConfig(),
        "svdpp": SvdppConfig(),
        "nmf": NmfConfig(),
        "knn_means": KnnMeansConfig(),
        "knn_baseline": KnnBaselineConfig(),
        "baseline_only": BaselineOnlyConfig(),
        "slope_one": SlopeOneConfig(),
        "co_clustering": CoClusteringConfig(),
    }
    """What is compared, by name."""
    sweep: RatingsSweep = RatingsSweep()
    """What is tuned."""

    def asking(self, sample: int | None, folds: int | None, names: list[str] | None) -> Self:
        """The same comparison with another sample, other folds, or only some of the models.

        Raises
        ------
        ConfigError
            If a name is not among the models, or there are fewer than 2 folds.
        """
        for name in names or []:
            if name not in self.models:
                message = f"{name!r} is not among ratings.models: {', '.join(self.models)}"
                raise ConfigError(message)
        if folds is not None and folds < 2:  # noqa: PLR2004  # as the field says
            message = f"folds {folds}: there must be at least 2, one to learn from and one to ask"
            raise ConfigError(message)
        changes = {"sample": sample, "folds": folds}
        given = {name: value for name, value in changes.items() if value is not None}
        if names:
            given["models"] = {name: self.models[name] for name in names}  # type: ignore[assignment]
        return self.model_copy(update=given)
