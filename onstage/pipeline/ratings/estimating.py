"""How long a user would watch an item: the model that answers, and what its answer rests on."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.models.ratings.model import RatingModel
from onstage.models.ratings.target import Ratings
from onstage.models.saving import load_model, save_model
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.ratings.checking import read_check
from onstage.pipeline.workspace import Workspace, read_state, write_atomically


MODEL_VERSION: Final = "1"
MODEL: Final = "model"
ABOUT: Final = "about.json"


def learned(
    workspace: Workspace, validated: Reference, best: ModelConfig, check: Reference
) -> Reference:
    """Fit `best` on all pairs, the hold-out included, and keep it for ``onstage estimate``."""

    def make(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        model = build(best).fit(log.dataset, FitOptions(workspace.config.seed))
        save_model(model, folder / MODEL)
        known = read_check(workspace, check)
        about = {name: known.get(name) for name in ("unit", "factors", "rmse")}
        (folder / ABOUT).write_text(json.dumps(about, indent=1))
        return {"algorithm": best.algorithm, "rows": len(log.dataset)}

    return workspace.step(
        "ratings-model",
        MODEL_VERSION,
        {"log": validated, "check": check},
        {"model": best, "seed": workspace.config.seed},
        make,
    )


def publish(workspace: Workspace, made: Reference) -> None:
    """Let ``onstage estimate`` ask this model from now on."""
    write_atomically(_path(workspace), made.model_dump_json())


def _path(workspace: Workspace) -> Path:
    return workspace.folder / "ratings-model.ref.json"


@dataclass(frozen=True)
class Estimate:
    """What a ratings model says of a pair, and why.

    Attributes
    ----------
    value
        In the target's space, clipped to what training saw.
    amount
        In `unit`: `value` itself for ratings, ``exp(value)`` for logarithms, which is a median.
    mean
        `amount` times the smearing factor: what to expect on average. `amount` for ratings.
    user_ratings, item_ratings
        Pairs of the user and of the item in the training; 0 is unknown.
    rests_on
        In words.
    observed
        What the pair did in the training, in `unit`; None if it was not there.
    """

    algorithm: str
    target: str
    unit: str
    value: float
    amount: float
    mean: float
    user_ratings: int
    item_ratings: int
    rests_on: str
    observed: float | None

    @property
    def known_user(self) -> bool:
        """Whether training knew the user."""
        return self.user_ratings > 0

    @property
    def known_item(self) -> bool:
        """Whether training knew the item."""
        return self.item_ratings > 0


def estimated(workspace: Workspace, user: str, item: str) -> Estimate:
    """Ask the newest ratings model about a pair; unknown users and items get what is known.

    Raises
    ------
    ConfigError
        If no ratings model was made yet.
    """
    made = read_state(_path(workspace), Reference)
    if made is None or workspace.store.find(made.step, made.key) is None:
        name = workspace.config.name
        message = f"{name}: no ratings model here yet; run `onstage sweep-ratings CONFIG` first"
        raise ConfigError(message)
    model = load_model(workspace.store.path(made, MODEL))
    assert isinstance(model, RatingModel)  # noqa: S101  # we saved it
    about = json.loads(workspace.store.path(made, ABOUT).read_text())
    return estimate_of(model, user, item, about)


def estimate_of(
    model: RatingModel[Any], user: str, item: str, about: Mapping[str, Any]
) -> Estimate:
    """What `model` says of a pair; `about` gives ``unit`` and ``factors``."""
    dataset, target = model.dataset, model.config.target
    ratings = Ratings.of(dataset, target)
    row, column = _position(dataset.users, user), _position(dataset.items, item)
    n_user = int(np.count_nonzero(ratings.user == row))
    n_item = int(np.count_nonzero(ratings.item == column))
    value = float(model.estimates(np.array([row]), np.array([column]))[0])
    seen = ratings.value[(ratings.user == row) & (ratings.item == column)]
    amount = value if target == "rating" else math.exp(value)
    factors = about.get("factors")
    return Estimate(
        algorithm=model.config.algorithm,
        target=target,
        unit=str(about["unit"]),
        value=value,
        amount=amount,
        mean=amount if factors is None else amount * float(factors["smearing"]),
        user_ratings=n_user,
        item_ratings=n_item,
        rests_on=_rests_on(model, known_user=n_user > 0, known_item=n_item > 0),
        observed=None
        if len(seen) == 0
        else float(seen[0] if target == "rating" else np.exp(seen[0])),
    )


def _position(ids: pd.Index, text: str) -> int:
    if ids.dtype.kind not in "iu":
        return int(ids.get_indexer(pd.Index([text]))[0])
    try:
        return int(ids.get_indexer(pd.Index([int(text)]))[0])
    except (ValueError, OverflowError):  # no integer is no user of integers
        return -1


def _rests_on(model: RatingModel[Any], *, known_user: bool, known_item: bool) -> str:
    if known_user and known_item:
        return "what the user and the item did"
    if known_user and model.has_biases:
        return "the user's bias alone: the item is unknown"
    if known_item and model.has_biases:
        return "the item's bias alone: the user is unknown"
    who = "the item is" if known_user else "the user is" if known_item else "user and item are"
    return f"the mean of all pairs alone: {who} unknown"
