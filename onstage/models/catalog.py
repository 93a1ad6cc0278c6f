"""Every algorithm, by its configuration."""

from typing import Annotated, Any, TypeAlias, assert_never

from pydantic import Field, TypeAdapter, ValidationError

from onstage.errors import ConfigError
from onstage.models.base import Recommender
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.settings import explain


ModelConfig: TypeAlias = Annotated[
    PopularityConfig | MemoryConfig, Field(discriminator="algorithm")
]
"""Any algorithm's configuration: ``{"algorithm": "ease", "regularization": 250}``."""


def build(config: ModelConfig) -> Recommender[Any]:
    """Build the recommender that `config` describes."""
    match config:
        case PopularityConfig():
            return Popularity(config)
        case MemoryConfig():
            return Memory(config)
        case _:
            assert_never(config)


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
