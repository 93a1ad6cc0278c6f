"""What a model is, and how to run it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from onstage.availability.index import AvailabilityIndex


class RecommenderConfig(BaseModel):
    """Hyperparameters: frozen, closed, and documented field by field."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    algorithm: str
    """Which recommender this configures. Subclasses narrow it to one literal."""


@dataclass(frozen=True)
class FitOptions:
    """How to run, which is not what the model is: seed, threads, and who was live when."""

    seed: int = 0
    threads: int = 0
    """0: as many as there are cores."""
    availability: AvailabilityIndex | None = None
    """What could be recommended when, over the vocabulary of the training data: a model that draws
    negatives draws them from what was live. None: everything, always."""
    checkpoint: Path | None = None
    """File in which a model that learns in epochs keeps where it stands; a fit that finds one goes
    on from there. Other models do not use it."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models of torch run; ``auto`` takes a GPU where there is one."""
