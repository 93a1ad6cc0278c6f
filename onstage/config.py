"""One data set's configuration: source, split, models, search budget. Data, not code."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from onstage.clustering.config import ClusterConfig
from onstage.data.clock import Clock
from onstage.data.quality import ValidationConfig
from onstage.data.sources.config import DataConfig
from onstage.errors import ConfigError
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.models.popularity import PopularityConfig
from onstage.monitoring.config import DriftConfig
from onstage.settings import explain
from onstage.splitting.protocol import Protocol, TemporalProtocol
from onstage.tuning.config import AlgorithmSweep, SweepConfig
from onstage.tuning.ratings.config import RatingsConfig


class RecommendConfig(BaseModel):
    """The batch of recommendations that a retrain writes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    k: PositiveInt = 10
    """Length of each list; shorter where fewer items are live."""
    at: str = "last"
    """``last``: the newest interaction's time; ``now``; or an instant (ISO 8601 or a step)."""
    format: Literal["parquet", "csv"] = "parquet"
    """File format."""
    only_new: bool = False
    """Only items that the user never had, whatever the repeat policy of the primary protocol."""
    clusters: bool = False
    """Whether each row also says the user's and the item's cluster (``user_cluster``,
    ``item_cluster``): those of the newest clustering, empty for who has none."""


class RunnerConfig(BaseModel):
    """Where trials, backtests and folds run."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["local", "dask", "ray"] = "local"
    """``local``: in the flow's own process, its threads and its child processes. ``dask``, ``ray``:
    as tasks of such a cluster; extras ``onstage[dask]`` and ``onstage[ray]``."""
    address: Annotated[str, Field(min_length=1)] | None = None
    """A cluster that is there already, ``tcp://10.0.0.5:8786`` (Dask), ``ray://10.0.0.5:10001``. By
    default one is started on this machine and ends with the flow."""
    workers: PositiveInt = 2
    """Tasks at the same time: processes of the cluster that is started, or the most that one at
    `address` is asked to do at once."""

    @model_validator(mode="after")
    def _an_address_is_a_cluster_s(self) -> Self:
        if self.kind == "local" and self.address is not None:
            message = f"address {self.address!r} needs kind: dask or ray; local has none"
            raise ValueError(message)
        return self

    @property
    def spreads(self) -> bool:
        """Whether anything leaves the flow's process."""
        return self.kind != "local"


class PipelineConfig(BaseModel):
    """Everything a retrain needs to know about one data set."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
    """Lower-case name; names the MLflow experiment and the registered model."""
    seed: NonNegativeInt = 0
    """The run's one seed."""
    seeds: PositiveInt = 1
    """Fits of every recipe that learns at random, with the seeds `seed`, `seed` + 1, …: metrics are
    averaged event by event, and their spread is shown. Others are fitted once."""
    clock: Clock = Clock()
    """How the log counts time."""
    data: DataConfig
    """Where the log is and what its columns mean."""
    validation: ValidationConfig = ValidationConfig()
    """What must be true of it."""
    protocols: Annotated[tuple[Protocol, ...], Field(min_length=1)] = (TemporalProtocol(),)
    """How models are examined; the first is the primary one, which sweeps and the gate use."""
    models: dict[str, ModelConfig] = {"popularity": PopularityConfig(), "memory": MemoryConfig()}
    """Recipes that enter the leaderboard as they are, by name: the baselines."""
    sweep: SweepConfig = SweepConfig(
        algorithms={name: AlgorithmSweep() for name in ("item_knn", "ease", "als", "bpr")}
    )
    """Which algorithms are tuned, and how long."""
    ratings: RatingsConfig = RatingsConfig()
    """Ratings models: what they learn, how they are compared and tuned."""
    clusters: ClusterConfig = ClusterConfig()
    """Groups of users and items."""
    drift: DriftConfig = DriftConfig()
    """When a change of what arrives, or of what the champion reaches, is called a drift."""
    recommend: RecommendConfig = RecommendConfig()
    """The batch of recommendations."""
    runner: RunnerConfig = RunnerConfig()
    """Where trials, backtests and folds run; a word is a kind: ``runner: dask``."""

    @field_validator("runner", mode="before")
    @classmethod
    def _a_word_is_a_kind(cls, given: Any) -> Any:  # noqa: ANN401
        return {"kind": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _protocols_are_distinct(self) -> Self:
        names = [protocol.name for protocol in self.protocols]
        if len(set(names)) < len(names):
            message = f"protocols: {names} names one twice; each may stand once"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _recipes_have_one_name_each(self) -> Self:
        twice = sorted(set(self.models) & {*self.sweep.algorithms, "champion"})
        if twice:
            message = (
                f"models.{twice[0]}: this name is taken by a sweep or the champion; "
                f"call the fixed recipe something else, e.g. {twice[0]}-default"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _something_is_examined(self) -> Self:
        if not self.models and not self.sweep.algorithms:
            message = "models and sweep.algorithms are both empty; name at least one recipe"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _one_way_to_run_several(self) -> Self:
        if self.runner.spreads and self.sweep.at_once > 1:
            message = (
                f"runner {self.runner.kind} and {self.sweep.at_once} of sweep.jobs or "
                "sweep.processes exclude each other: leave those at 1, and say runner.workers"
            )
            raise ValueError(message)
        return self

    @property
    def primary(self) -> Protocol:
        """The protocol that sweeps and the gate use."""
        return self.protocols[0]


def load_config(path: Path) -> PipelineConfig:
    """Read a configuration file.

    Raises
    ------
    ConfigError
        If the file is missing, is not YAML, has an unknown key or a wrong value: one line with
        the file, the key, the value and the rule.
    """
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: {error.strerror}; `onstage init FILE` writes a configuration for a log"
        raise ConfigError(message) from error
    except yaml.YAMLError as error:
        message = f"{path}: not YAML: {' '.join(str(error).split())}"
        raise ConfigError(message) from error
    except ValueError as error:  # not text, or a date that is none
        message = f"{path}: not a configuration in UTF-8 YAML: {error}"
        raise ConfigError(message) from error
    if not isinstance(raw, dict):
        message = f"{path}: expected keys such as name, clock and data, got {type(raw).__name__}"
        raise ConfigError(message)
    try:
        return PipelineConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(explain(error, str(path))) from error
