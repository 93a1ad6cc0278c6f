"""Every algorithm, by its configuration."""

from typing import Annotated, Any, TypeAlias, assert_never, get_args

from pydantic import Field, TypeAdapter, ValidationError

from onstage.errors import ConfigError
from onstage.models.als import Als, AlsConfig
from onstage.models.base import Recommender
from onstage.models.bpr import Bpr, BprConfig
from onstage.models.config import RecommenderConfig
from onstage.models.decayed_popularity import DecayedPopularity, DecayedPopularityConfig
from onstage.models.ease import Ease, EaseConfig
from onstage.models.item_knn import ItemKnn, ItemKnnConfig
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.mf import Mf, MfConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.models.ranker.config import RankerConfig
from onstage.models.ranker.ranker import Ranker
from onstage.models.ratings.baseline_only import BaselineOnly, BaselineOnlyConfig
from onstage.models.ratings.co_clustering import CoClustering, CoClusteringConfig
from onstage.models.ratings.knn_baseline import KnnBaseline, KnnBaselineConfig
from onstage.models.ratings.knn_means import KnnMeans, KnnMeansConfig
from onstage.models.ratings.nmf import Nmf, NmfConfig
from onstage.models.ratings.slope_one import SlopeOne, SlopeOneConfig
from onstage.models.ratings.svd import Svd, SvdConfig
from onstage.models.ratings.svdpp import Svdpp, SvdppConfig
from onstage.models.sequence.config import (
    LiverecConfig,
    LstmConfig,
    SasrecConfig,
    SequenceConfig,
)
from onstage.models.sequence.liverec import Liverec
from onstage.models.sequence.lstm import Lstm
from onstage.models.sequence.sasrec import Sasrec
from onstage.settings import explain


RatingModelConfig: TypeAlias = Annotated[
    SvdConfig
    | SvdppConfig
    | NmfConfig
    | KnnMeansConfig
    | KnnBaselineConfig
    | BaselineOnlyConfig
    | SlopeOneConfig
    | CoClusteringConfig,
    Field(discriminator="algorithm"),
]
"""Configuration of a model of explicit ratings: ``{"algorithm": "svd", "n_factors": 70}``."""

ModelConfig: TypeAlias = Annotated[
    PopularityConfig
    | DecayedPopularityConfig
    | MemoryConfig
    | ItemKnnConfig
    | EaseConfig
    | AlsConfig
    | BprConfig
    | RankerConfig
    | MfConfig
    | SvdConfig
    | SvdppConfig
    | NmfConfig
    | KnnMeansConfig
    | KnnBaselineConfig
    | BaselineOnlyConfig
    | SlopeOneConfig
    | CoClusteringConfig
    | LstmConfig
    | SasrecConfig
    | LiverecConfig,
    Field(discriminator="algorithm"),
]
"""Any algorithm's configuration: ``{"algorithm": "ease", "regularization": 250}``."""

ALGORITHMS = tuple(
    config.model_fields["algorithm"].default for config in get_args(get_args(ModelConfig)[0])
)
"""Names of all algorithms."""


def build(config: ModelConfig) -> Recommender[Any]:  # noqa: C901, PLR0911, PLR0912  # one for each
    """Build the recommender that `config` describes."""
    match config:
        case PopularityConfig():
            return Popularity(config)
        case DecayedPopularityConfig():
            return DecayedPopularity(config)
        case MemoryConfig():
            return Memory(config)
        case ItemKnnConfig():
            return ItemKnn(config)
        case EaseConfig():
            return Ease(config)
        case AlsConfig():
            return Als(config)
        case BprConfig():
            return Bpr(config)
        case RankerConfig():
            return Ranker(config)
        case MfConfig():
            return Mf(config)
        case SvdConfig():
            return Svd(config)
        case SvdppConfig():
            return Svdpp(config)
        case NmfConfig():
            return Nmf(config)
        case KnnMeansConfig():
            return KnnMeans(config)
        case KnnBaselineConfig():
            return KnnBaseline(config)
        case BaselineOnlyConfig():
            return BaselineOnly(config)
        case SlopeOneConfig():
            return SlopeOne(config)
        case CoClusteringConfig():
            return CoClustering(config)
        case LstmConfig():
            return Lstm(config)
        case SasrecConfig():
            return Sasrec(config)
        case LiverecConfig():
            return Liverec(config)
        case _:
            assert_never(config)


def needs_torch(config: RecommenderConfig) -> bool:
    """Whether fitting it and answering with it need the extra ``deep``."""
    match config:
        case SequenceConfig() | RankerConfig(sequence=SasrecConfig()):
            return True
        case _:
            return False


def needs_spark(config: RecommenderConfig) -> bool:
    """Whether fitting it needs the extra ``spark``."""
    return isinstance(config, AlsConfig) and config.engine == "spark"


def parse(raw: dict[str, Any]) -> ModelConfig:
    """Read one algorithm's configuration.

    Raises
    ------
    ConfigError
        If the algorithm or a hyperparameter is unknown, or a value is out of bounds.
    """
    try:
        return TypeAdapter(ModelConfig).validate_python(raw)
    except ValidationError as error:
        raise ConfigError(explain(error, "model")) from error
