"""A cheap study whose best value is known."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.tuning.objective import Objective, Outcome, Watch
from onstage.tuning.result import SweepResult
from onstage.tuning.space import Space, make_space
from onstage.tuning.study import sweep


KINDS = {"type": "categorical", "choices": ["count", "recency", "decay"]}
SPACE = make_space(
    MemoryConfig(),
    {"kind": KINDS, "half_life_days": {"type": "float", "low": 0.1, "high": 30.0, "log": True}},
)
PARAMS = ["params.kind", "params.half_life_days"]


def peak(config: ModelConfig, watch: Watch) -> Outcome:
    """Largest, 1, for decay with a half-life of 5 days."""
    assert isinstance(config, MemoryConfig)
    return Outcome((config.kind == "decay") - abs(math.log(config.half_life_days / 5)))


class Counting:
    """An objective that counts its calls and may do something at one of them."""

    def __init__(self, at: int = -1, then: Callable[[], Any] = lambda: None) -> None:
        self.calls = 0
        self.at = at
        self.then = then

    def __call__(self, config: ModelConfig, watch: Watch) -> Outcome:
        self.calls += 1
        if self.calls == self.at:
            self.then()
        return peak(config, watch)


def raises(error: BaseException) -> Callable[[], Any]:
    def then() -> None:
        raise error

    return then


def search(
    folder: Path,
    objective: Objective = peak,
    *,
    trials: int = 12,
    seed: int = 3,
    **more: Any,
) -> SweepResult:
    space: Space = more.pop("space", SPACE)
    return sweep(
        space.algorithm,
        None,
        space,
        objective,
        trials=trials,
        seed=seed,
        folder=folder,
        metric="ndcg_at_10",
        startup_trials=4,
        **more,
    )
