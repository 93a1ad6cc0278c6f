"""One recipe, every protocol: fit on what was known, ask about the test part, keep each answer."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
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
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace


BACKTEST_VERSION = "1"
COSTS = "costs.json"


@dataclass
class _Fitted:
    """The last model fitted, kept for a protocol that trains on the very same rows."""

    config: Any
    options: FitOptions
    train: Dataset | None = None
    model: Recommender[Any] | None = None

    def on(self, train: Dataset) -> tuple[Recommender[Any], float]:
        """A model fitted on `train`, and the seconds that fitting took now."""
        if self.model is not None and self.train is not None and _same_rows(self.train, train):
            return self.model, 0.0
        began = time.perf_counter()
        self.model = build(self.config).fit(train, self.options)
        self.train = train
        return self.model, time.perf_counter() - began


def backtested(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference:
    """Evaluate one recipe on the test part of every protocol.

    The artefact has one per-event table a protocol, ``<protocol>.parquet``, and ``costs.json``,
    which is no content: the same answers are the same, however long they took.
    """
    config = workspace.config

    def build_tables(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        options = FitOptions(config.seed, workspace.settings.threads, log.availability)
        fitted = _Fitted(recipe.config, options)
        costs: dict[str, dict[str, float]] = {}
        for protocol in config.protocols:
            exam = log.exam(protocol).test
            model, fit_seconds = fitted.on(exam.train)
            began = time.perf_counter()
            events = evaluate(model, exam)
            seconds = time.perf_counter() - began
            events.to_parquet(folder / f"{protocol.name}.parquet", index=False)
            costs[protocol.name] = {"fit_seconds": fit_seconds, "evaluate_seconds": seconds}
        (folder / COSTS).write_text(json.dumps(costs, indent=1))
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


def _same_rows(one: Dataset, other: Dataset) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(getattr(one, field), getattr(other, field))
        for field in ("user", "item", "time", "weight")
    )
