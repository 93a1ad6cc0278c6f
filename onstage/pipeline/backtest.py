"""One recipe, every protocol: fit on what was known, ask about the test part, keep each answer."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from onstage.data.dataset import Dataset
from onstage.data.store import Reference
from onstage.evaluation.evaluate import evaluate
from onstage.models.base import Recommender
from onstage.models.catalog import build
from onstage.models.config import FitOptions
from onstage.pipeline.checkpoints import checkpoint
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace


BACKTEST_VERSION = "1"
COSTS = "costs.json"
CURVES = "curves.json"


@dataclass
class _Fitted:
    """The last model fitted, kept for a protocol that trains on the very same rows."""

    config: Any
    options: FitOptions
    keep: Callable[[], AbstractContextManager[Path]]
    train: Dataset | None = None
    model: Recommender[Any] | None = None

    def on(self, train: Dataset) -> tuple[Recommender[Any], float]:
        """A model fitted on `train`, and the seconds that fitting took now."""
        if self.model is not None and self.train is not None and _same_rows(self.train, train):
            return self.model, 0.0
        began = time.perf_counter()
        with self.keep() as path:
            options = replace(self.options, checkpoint=path)
            self.model = build(self.config).fit(train, options)
        self.train = train
        return self.model, time.perf_counter() - began


def backtested(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference:
    """Evaluate one recipe on the test part of every protocol.

    The artefact has one per-event table a protocol, ``<protocol>.parquet``, and ``costs.json``,
    which is no content: the same answers are the same, however long they took. ``curves.json`` has
    what models that learn in epochs measured on the way.
    """
    config = workspace.config

    def build_tables(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        options = FitOptions(config.seed, workspace.settings.threads, log.availability)
        costs: dict[str, dict[str, float]] = {}
        curves: dict[str, Any] = {}
        what = {"log": validated.digest, "model": recipe.config.model_dump(mode="json")}
        keep = partial(checkpoint, workspace, step="backtest", seed=config.seed, **what)
        fitted = _Fitted(recipe.config, options, keep)
        for protocol in config.protocols:
            exam = log.exam(protocol).test
            model, fit_seconds = fitted.on(exam.train)
            began = time.perf_counter()
            events = evaluate(model, exam)
            seconds = time.perf_counter() - began
            events.to_parquet(folder / f"{protocol.name}.parquet", index=False)
            curves[protocol.name] = model.training_curve
            costs[protocol.name] = {"fit_seconds": fit_seconds, "evaluate_seconds": seconds}
        (folder / COSTS).write_text(json.dumps(costs, indent=1))
        (folder / CURVES).write_text(json.dumps(curves, indent=1))
        return {
            "algorithm": recipe.config.algorithm,
            "fit_seconds": round(sum(c["fit_seconds"] for c in costs.values()), 3),
            "evaluate_seconds": round(sum(c["evaluate_seconds"] for c in costs.values()), 3),
        }

    return workspace.step(
        "backtest",
        BACKTEST_VERSION,
        {"log": validated},
        {
            "config": recipe.config,
            "protocols": config.protocols,
            "seed": config.seed,
        },
        build_tables,
        content=("*.parquet",),
    )


def read_events(workspace: Workspace, made: Reference, protocol: str) -> pd.DataFrame:
    """Read the per-event table of one protocol."""
    return pd.read_parquet(workspace.store.path(made, f"{protocol}.parquet"))


def read_curve(workspace: Workspace, made: Reference) -> dict[str, dict[int, float]]:
    """Training curve of the primary protocol's model: name to (epoch to value)."""
    path = workspace.store.path(made, CURVES)
    if not path.is_file():
        return {}
    curves = json.loads(path.read_text())
    found = curves.get(workspace.config.primary.name, {})
    return {name: {int(k): v for k, v in line.items()} for name, line in found.items()}


def _same_rows(one: Dataset, other: Dataset) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(getattr(one, field), getattr(other, field))
        for field in ("user", "item", "time", "weight")
    )
