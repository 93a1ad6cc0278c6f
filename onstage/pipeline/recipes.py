"""Named recipes: what stands on the leaderboard, and where its hyperparameters came from."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from onstage.errors import ConfigError
from onstage.models.catalog import ModelConfig, parse
from onstage.registry.promotion import CHAMPION
from onstage.registry.versions import Version


class Recipe(BaseModel):
    """One line of the leaderboard before it has numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """Its name on the leaderboard."""
    config: ModelConfig
    """Algorithm and hyperparameters."""
    origin: Literal["fixed", "swept", "champion"]
    """``fixed`` in the configuration; ``swept``: a study's best; ``champion``: the registry's."""


def with_champion(recipes: list[Recipe], champion: ModelConfig | None) -> list[Recipe]:
    """Add the champion's recipe unless the same one stands there already."""
    if champion is None or any(recipe.config == champion for recipe in recipes):
        return recipes
    return [*recipes, Recipe(name=CHAMPION, config=champion, origin="champion")]


def named(recipes: list[Recipe], config: ModelConfig) -> str:
    """Name under which a recipe stands on the leaderboard.

    Raises
    ------
    ConfigError
        If it does not: the champion changed after the leaderboard was made.
    """
    for recipe in recipes:
        if recipe.config == config:
            return recipe.name
    message = (
        f"the champion's recipe ({config.algorithm}) is not on this leaderboard; "
        "run `onstage promote` or `onstage retrain`, which examine it"
    )
    raise ConfigError(message)


def recipe_of(version: Version) -> ModelConfig:
    """The recipe that a version was made from.

    Raises
    ------
    ConfigError
        If it has none that this release can read.
    """
    try:
        return parse(dict(version.config))
    except ConfigError as error:
        message = (
            f"{version.name} v{version.version}: its recipe cannot be read ({error}); point the "
            "alias at another version in MLflow, or remove it"
        )
        raise ConfigError(message) from error
