"""Whether everything a configuration asks for is installed: said before anything is computed."""

from collections.abc import Sequence

from onstage.config import PipelineConfig
from onstage.models.catalog import needs_torch, parse
from onstage.models.sequence.engine import need_torch


def need_extras(config: PipelineConfig, algorithms: Sequence[str] | None = None) -> None:
    """Refuse models that need torch where it is not installed.

    Parameters
    ----------
    algorithms
        Look at these sweeps alone; by default at all of them and at the fixed recipes.

    Raises
    ------
    ConfigError
        With the place in the configuration, and what to install.
    """
    recipes = {
        f"sweep.algorithms.{name}": parse({"algorithm": name, **one.fixed})
        for name, one in config.sweep.algorithms.items()
        if algorithms is None or name in algorithms
    }
    if algorithms is None:
        recipes |= {f"models.{name}": recipe for name, recipe in config.models.items()}
    for place, recipe in recipes.items():
        if needs_torch(recipe):
            need_torch(place)
