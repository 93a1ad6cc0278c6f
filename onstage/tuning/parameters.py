"""What one hyperparameter may be."""

from itertools import count, takewhile
from typing import Annotated, Literal, Protocol, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator


Choice: TypeAlias = bool | int | float | str | None
"""One option of a categorical parameter."""


class Suggester(Protocol):
    """Whoever picks values: an Optuna trial, or a test's fixed one."""

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """Pick an integer of ``[low, high]``."""
        ...

    def suggest_float(
        self,
        name: str,
        low: float,
        high: float,
        *,
        step: float | None = None,
        log: bool = False,
    ) -> float:
        """Pick a number of ``[low, high]``."""
        ...

    def suggest_categorical(self, name: str, choices: tuple[Choice, ...]) -> Choice:
        """Pick one of `choices`."""
        ...


class _Parameter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    when: dict[str, tuple[Choice, ...]] = {}
    """Searched only where these other parameters have one of these values, and left at its
    default elsewhere, where it would change nothing: ``{similarity: [bm25]}``."""


class IntParameter(_Parameter):
    """An integer between two ends, both included."""

    type: Literal["int"]
    """``int``."""
    low: int
    """Smallest value."""
    high: int
    """Largest value."""
    step: PositiveInt = 1
    """Distance between values, counted from `low`."""
    log: bool = False
    """Search the logarithm: 8 to 16 is as far as 64 to 128."""

    @model_validator(mode="after")
    def _ends_are_in_order(self) -> Self:
        _check_ends(self.low, self.high, log=self.log, stepped=self.step != 1)
        return self

    def suggest(self, trial: Suggester, name: str) -> int:
        """Let `trial` pick."""
        return trial.suggest_int(name, self.low, self.high, step=self.step, log=self.log)

    def values(self) -> tuple[int, ...]:
        """Every value there is."""
        return tuple(range(self.low, self.high + 1, self.step))

    def nearest(self, value: Choice) -> int:
        """The value of the range that is nearest to `value`."""
        steps = round((float(value or 0) - self.low) / self.step)
        return self.low + self.step * min(max(steps, 0), (self.high - self.low) // self.step)


class FloatParameter(_Parameter):
    """A number between two ends, both included."""

    type: Literal["float"]
    """``float``."""
    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    step: PositiveFloat | None = None
    """Distance between values, counted from `low`; any value by default."""
    log: bool = False
    """Search the logarithm: 0.001 to 0.01 is as far as 1 to 10."""

    @model_validator(mode="after")
    def _ends_are_in_order(self) -> Self:
        _check_ends(self.low, self.high, log=self.log, stepped=self.step is not None)
        return self

    def suggest(self, trial: Suggester, name: str) -> float:
        """Let `trial` pick."""
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def values(self) -> tuple[float, ...] | None:
        """Every value there is; None where there is no end of them."""
        if self.low == self.high:
            return (self.low,)
        step = self.step
        if step is None:
            return None
        steps = takewhile(
            lambda v: v <= self.high + step * 1e-9, (self.low + step * i for i in count())
        )
        return tuple(min(value, self.high) for value in steps)

    def nearest(self, value: Choice) -> float:
        """The value of the range that is nearest to `value`."""
        inside = min(max(float(value or 0), self.low), self.high)
        if self.step is None:
            return inside
        return min(self.low + self.step * round((inside - self.low) / self.step), self.high)


class CategoricalParameter(_Parameter):
    """One of several options without an order."""

    type: Literal["categorical"]
    """``categorical``."""
    choices: Annotated[tuple[Choice, ...], Field(min_length=1)]
    """The options."""

    def suggest(self, trial: Suggester, name: str) -> Choice:
        """Let `trial` pick."""
        return trial.suggest_categorical(name, self.choices)

    def values(self) -> tuple[Choice, ...]:
        """Every option."""
        return self.choices

    def nearest(self, value: Choice) -> Choice:
        """`value` itself if it is an option, else the first."""
        return value if value in self.choices else self.choices[0]


Parameter: TypeAlias = Annotated[
    IntParameter | FloatParameter | CategoricalParameter, Field(discriminator="type")
]
"""Any parameter: ``{"type": "int", "low": 8, "high": 128, "log": true}``."""


def _check_ends(low: float, high: float, *, log: bool, stepped: bool) -> None:
    if low > high:
        message = f"low {low} is above high {high}: swap them"
        raise ValueError(message)
    if log and low <= 0:
        message = f"low {low} has no logarithm: with log, low must be above 0"
        raise ValueError(message)
    if log and stepped:
        message = "log and step exclude each other: leave one out"
        raise ValueError(message)
