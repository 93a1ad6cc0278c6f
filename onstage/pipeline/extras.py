"""Whether everything a configuration asks for is installed: said before anything is computed."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from onstage.config import PipelineConfig
from onstage.errors import ConfigError
from onstage.models.catalog import needs_spark, needs_torch, parse
from onstage.models.sequence.engine import need_torch
from onstage.models.spark import need_spark


RUNNERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"dask": ("distributed", "prefect_dask"), "ray": ("ray", "prefect_ray")}
)
"""Kind of runner to the modules it needs."""


def need_runner(config: PipelineConfig) -> None:
    """Refuse a runner whose extra is not installed.

    Raises
    ------
    ConfigError
        With what to install.
    """
    kind = config.runner.kind
    missing = [name for name in RUNNERS.get(kind, ()) if find_spec(name) is None]
    if missing:
        message = (
            f"runner {kind}: {missing[0]} is not installed; run `pip install 'onstage[{kind}]'`, "
            "or say runner: local"
        )
        raise ConfigError(message)


def need_extras(config: PipelineConfig, algorithms: Sequence[str] | None = None) -> None:
    """Refuse models that need torch or Spark, and a runner, where they are not installed.

    Parameters
    ----------
    algorithms
        Look at these sweeps alone; by default at all of them and at the fixed recipes.

    Raises
    ------
    ConfigError
        With the place in the configuration, and what to install.
    """
    need_runner(config)
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
        if needs_spark(recipe):
            need_spark(place)
