"""Search spaces: a YAML file beside each algorithm, changed by configuration."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import product
from typing import Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from onstage.errors import ConfigError
from onstage.models.catalog import ModelConfig, parse
from onstage.settings import explain
from onstage.tuning.parameters import Choice, Parameter, Suggester


logger = logging.getLogger(__name__)

COUNTABLE: Final = 10_000
"""A space with more configurations is never searched exhaustively, so they are not counted."""


class Space(BaseModel):
    """What a sweep may try: everything else stays as in the base configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    algorithm: str
    """Whose hyperparameters these are."""
    parameters: dict[str, Parameter] = {}
    """Hyperparameter to what it may be. Without any, a sweep tries the base alone."""

    @property
    def size(self) -> int | None:
        """Number of different configurations; None where there is no end of them, or too many."""
        sizes = [None if (v := p.values()) is None else len(v) for p in self.parameters.values()]
        product_of_sizes = math.prod(0 if size is None else size for size in sizes)
        if None in sizes or product_of_sizes > COUNTABLE:
            return None
        return sum(1 for _ in self.grid()) if self._conditional else product_of_sizes

    @property
    def _conditional(self) -> bool:
        return any(one.when for one in self.parameters.values())

    def suggest(self, trial: Suggester, base: ModelConfig) -> ModelConfig:
        """Let `trial` pick every parameter that matters; the others are those of `base`.

        Raises
        ------
        ConfigError
            If the algorithm refuses the combination.
        """
        values = base.model_dump()
        for name, one in self.parameters.items():
            if _matters(one, values):
                values[name] = one.suggest(trial, name)
        return parse(values)

    def nearest(self, base: ModelConfig) -> dict[str, Choice]:
        """The place of `base` in the space, as the sampler sees it.

        A value outside the space stands at the edge; the trial itself still fits `base`.
        """
        values = base.model_dump()
        inside: dict[str, Choice] = {}
        for name, one in self.parameters.items():
            if not _matters(one, values):
                continue
            inside[name] = one.nearest(values[name])
            if inside[name] != values[name]:
                logger.info(
                    "%s.%s: the default %s is outside the space; the sampler takes it for %s",
                    self.algorithm,
                    name,
                    values[name],
                    inside[name],
                )
            values[name] = inside[name]
        return inside

    def grid(self) -> Iterator[dict[str, Choice]]:
        """Every combination once, for spaces with a :attr:`size`."""
        seen = set()
        for combination in product(*(one.values() or () for one in self.parameters.values())):
            values = dict(zip(self.parameters, combination, strict=True))
            kept = {n: v for n, v in values.items() if _matters(self.parameters[n], values)}
            key = tuple(sorted((name, repr(value)) for name, value in kept.items()))
            if key not in seen:
                seen.add(key)
                yield kept

    def without(self, names: Mapping[str, Any]) -> Self:
        """The space less the parameters in `names`: those are fixed."""
        kept = {name: one for name, one in self.parameters.items() if name not in names}
        return self.model_copy(update={"parameters": kept})


def _matters(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    return all(values[name] in allowed for name, allowed in parameter.when.items())


def default(algorithm: str, fixed: Mapping[str, Any] | None = None) -> ModelConfig:
    """The algorithm's default configuration, with `fixed` in place.

    Raises
    ------
    ConfigError
        If the algorithm or a parameter is unknown.
    """
    return parse({"algorithm": algorithm, **(fixed or {})})


def load_space(
    algorithm: str, overrides: Mapping[str, Mapping[str, Any] | None] | None = None
) -> Space:
    """Read ``onstage/models/spaces/<algorithm>.yaml`` and apply `overrides`.

    Parameters
    ----------
    algorithm
        An algorithm without a file has an empty space: only its default can be tried.
    overrides
        Parameter to the keys that change (``{"high": 32}``), to a whole new description, or to
        None, which takes the parameter out of the space.

    Raises
    ------
    ConfigError
        If the algorithm, a parameter or a key is unknown, or ``low`` is above ``high``.
    """
    base = default(algorithm)
    described = _shipped(algorithm)
    for name, change in (overrides or {}).items():
        if change is None:
            described.pop(name, None)
        elif "type" in change:
            described[name] = dict(change)
        else:
            described[name] = {**described.get(name, {}), **change}
    return make_space(base, described)


def make_space(base: ModelConfig, described: Mapping[str, Any]) -> Space:
    """Check a description against the algorithm that `base` configures.

    Raises
    ------
    ConfigError
        As :func:`load_space`.
    """
    _check_names(base, described)
    try:
        space = Space.model_validate({"algorithm": base.algorithm, "parameters": dict(described)})
    except ValidationError as error:
        raise ConfigError(explain(error, f"space of {base.algorithm}")) from error
    settled: set[str] = set(type(base).model_fields) - set(described)
    for name, one in space.parameters.items():
        _check_names(base, one.when)
        early = sorted(set(one.when) - settled)
        if early:
            message = (
                f"space of {base.algorithm}: {name} depends on {early[0]!r}, which comes later; "
                "put it after that"
            )
            raise ConfigError(message)
        settled.add(name)
    return space


def _check_names(base: ModelConfig, names: Iterable[str]) -> None:
    known = sorted(set(type(base).model_fields) - {"algorithm"})
    for name in names:
        if name not in known:
            message = (
                f"space of {base.algorithm}: it has no parameter {name!r}; "
                f"it has {', '.join(known) or 'none'}"
            )
            raise ConfigError(message)


def _shipped(algorithm: str) -> dict[str, Any]:
    file = files("onstage.models") / "spaces" / f"{algorithm}.yaml"
    if not file.is_file():
        return {}
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        message = f"spaces/{algorithm}.yaml: not YAML: {' '.join(str(error).split())}"
        raise ConfigError(message) from error
    if not isinstance(raw, dict | None):
        message = f"spaces/{algorithm}.yaml: expected parameter: {{type: …}}, got {raw!r}"
        raise ConfigError(message)
    return dict(raw or {})
