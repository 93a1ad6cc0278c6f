"""What a retrain leaves behind: references to everything a person may ask for afterwards."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.monitoring.drift import Drift
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace, read_state, write_atomically
from onstage.registry.conditions import Condition


class Gain(BaseModel):
    """A paired difference, challenger - opponent, on the primary metric."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    low: float
    high: float
    n_events: int


class Verdict(BaseModel):
    """What the gate decided."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    verdict: Literal["first", "promoted", "refreshed", "kept"]
    """In one word."""
    sentence: str
    """On one line, with numbers."""
    reasons: tuple[str, ...]
    """One line each."""
    gains: dict[str, Gain] = {}
    """Opponent to the paired difference that was looked at."""
    conditions: tuple[Condition, ...] = ()
    """Every condition that was looked at, with its numbers. Where the leader failed and another was
    put forward after it, those of both: `Condition.challenger` says whose."""
    leader: str
    """Name of the leaderboard's first model."""
    challenger: str | None
    """Version behind ``@challenger``."""
    champion: str | None
    """Version behind ``@champion`` after the decision."""
    bundle: Reference | None
    """The champion's files in the store, where this machine made them."""


class Outcome(BaseModel):
    """One retrain, as references."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    log: Reference
    sweeps: dict[str, Reference]
    backtests: dict[str, Reference]
    board: Reference
    decision: Verdict
    clusters: Reference
    slices: Reference | None = None
    recommendations: Reference
    page: str = ""
    question: str = ""
    recipes: list[Recipe] = []
    drift: Drift | None = None

    @property
    def steps(self) -> list[Reference]:
        """Every artefact, in the order of the flow."""
        return [
            self.log,
            *self.sweeps.values(),
            *self.backtests.values(),
            self.board,
            self.clusters,
            self.recommendations,
            *([self.decision.bundle] if self.decision.bundle else []),
            *([self.slices] if self.slices else []),
        ]

    def says_the_same_as(self, other: "Outcome") -> bool:
        """Whether a page about `other` would say the same, but for its date."""
        return (
            self.decision == other.decision
            and self.drift == other.drift
            and [step.digest for step in self.steps] == [step.digest for step in other.steps]
            and Path(other.page).exists()
        )

    def seconds(self, *, of: str) -> float:
        """Seconds that this retrain itself spent on ``fit_seconds`` or ``evaluate_seconds``."""
        return float(sum(float(s.counts.get(of, 0.0)) for s in self.steps if not s.reused))


def _path(workspace: Workspace) -> Path:
    return workspace.folder / "retrain.json"


def remember(workspace: Workspace, outcome: Outcome) -> None:
    """Make `outcome` the newest retrain."""
    write_atomically(_path(workspace), outcome.model_dump_json(indent=1))


def previous(workspace: Workspace) -> Outcome | None:
    """The newest retrain, or None before the first."""
    return read_state(_path(workspace), Outcome)


def recall(workspace: Workspace) -> Outcome:
    """The newest retrain.

    Raises
    ------
    ConfigError
        Before the first one.
    """
    last = previous(workspace)
    if last is None or any(workspace.store.find(s.step, s.key) is None for s in last.steps):
        name = workspace.config.name
        message = f"{name}: no retrain, or its artefacts are gone; run `onstage retrain` first"
        raise ConfigError(message)
    return last
