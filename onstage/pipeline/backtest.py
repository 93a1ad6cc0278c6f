"""One recipe, every protocol: fit on what was known, ask about the test part, keep each answer."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from onstage.config import PipelineConfig
from onstage.data.dataset import Dataset
from onstage.data.store import Reference
from onstage.evaluation.averaging import averaged, by_seed
from onstage.evaluation.evaluate import evaluate
from onstage.evaluation.latency import latency
from onstage.evaluation.occasions import by_occasion
from onstage.models.base import Recommender
from onstage.models.catalog import build
from onstage.models.config import FitOptions
from onstage.models.saving import size_of
from onstage.pipeline.checkpoints import checkpoint
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.leaks import LEAKS, Lint
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Workspace
from onstage.splitting.holdout import Holdout


BACKTEST_VERSION = "7"
COSTS = "costs.json"
CURVES = "curves.json"
SERVING: Final = ("latency_ms", "latency_p95_ms", "size_bytes")
"""Costs of the primary protocol's model, first seed; logged with its run as well."""
SECONDS: Final = ("fit_seconds", "lint_seconds", "evaluate_seconds")
"""Costs of every protocol, of all seeds together."""


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

    A recipe that learns at random is fitted with several seeds (`seeds` in the configuration).
    The artefact has one per-event table a protocol, ``<protocol>.parquet``, averaged over seeds;
    ``<protocol>.seeds.parquet``, what each reached; ``<protocol>.occasions.parquet``, scores by
    time since the last visit and by hour (live protocols only); and ``costs.json``, which is no
    content: the same answers are the same, however long they took. It has, by protocol,
    ``fit_seconds``, ``lint_seconds``, ``evaluate_seconds`` and ``events`` (asked) over all seeds,
    and for the primary protocol what serving the first seed's model takes: ``latency_ms`` and
    ``latency_p95_ms`` of one request at a time (:mod:`onstage.evaluation.latency`) and
    ``size_bytes`` (:func:`onstage.models.saving.size_of`). ``curves.json`` has what models that
    learn in epochs measured on the way, under the first seed. ``leaks.json`` has what the leak lint
    looked at, under the first seed (:mod:`onstage.pipeline.leaks`).

    Raises
    ------
    LeakError
        If the model knows what it is asked: nothing is published.
    """
    config = workspace.config

    seeds = range(config.seed, config.seed + repeats(config, recipe))

    def build_tables(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        tables: dict[str, list[pd.DataFrame]] = {protocol.name: [] for protocol in config.protocols}
        costs: dict[str, dict[str, float]] = {
            name: dict.fromkeys((*SECONDS, "events"), 0.0) for name in tables
        }
        lint = Lint(log, recipe.name)
        curves: dict[str, Any] = {}
        what = {"log": validated.digest, "model": recipe.config.model_dump(mode="json")}
        for seed in seeds:
            options = FitOptions(seed, workspace.settings.threads, log.availability)
            keep = partial(checkpoint, workspace, step="backtest", seed=seed, **what)
            fitted = _Fitted(recipe.config, options, keep)
            for protocol in config.protocols:
                exam = log.exam(protocol).test
                model, fit_seconds = fitted.on(exam.train)
                began = time.perf_counter()
                lint.look(protocol, model)
                costs[protocol.name]["lint_seconds"] += time.perf_counter() - began
                began = time.perf_counter()
                tables[protocol.name].append(evaluate(model, exam))
                costs[protocol.name]["evaluate_seconds"] += time.perf_counter() - began
                costs[protocol.name]["fit_seconds"] += fit_seconds
                costs[protocol.name]["events"] += len(exam)
                if seed == config.seed and protocol == config.primary:
                    costs[protocol.name] |= _serving(model, exam)
                curves.setdefault(protocol.name, model.training_curve)
        for protocol in config.protocols:
            mine = tables[protocol.name]
            events = averaged(mine)
            events.to_parquet(folder / f"{protocol.name}.parquet", index=False)
            by_seed(mine, seeds).to_parquet(folder / f"{protocol.name}.seeds.parquet", index=False)
            if protocol.kind == "live":
                occasions = by_occasion(events, log.dataset, log.exam(protocol).test)
                occasions.to_parquet(folder / f"{protocol.name}.occasions.parquet", index=False)
        (folder / COSTS).write_text(json.dumps(costs, indent=1))
        (folder / CURVES).write_text(json.dumps(curves, indent=1))
        (folder / LEAKS).write_text(lint.report.model_dump_json(indent=1))
        return {
            "algorithm": recipe.config.algorithm,
            "seeds": len(seeds),
            **{name: round(sum(c[name] for c in costs.values()), 3) for name in SECONDS},
            **{k: v for k, v in costs[config.primary.name].items() if k in SERVING},
        }

    question = _question(workspace, recipe)
    return workspace.step(
        "backtest",
        BACKTEST_VERSION,
        {"log": validated},
        question,
        build_tables,
        content=("*.parquet", LEAKS),
    )


def backtest_found(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference | None:
    """What :func:`backtested` made before; None where there is something to do."""
    question = _question(workspace, recipe)
    return workspace.find("backtest", BACKTEST_VERSION, {"log": validated}, question)


def _question(workspace: Workspace, recipe: Recipe) -> dict[str, Any]:
    config = workspace.config
    return {
        "config": recipe.config,
        "protocols": config.protocols,
        "seed": config.seed,
        "seeds": repeats(config, recipe),
    }


def _serving(model: Recommender[Any], exam: Holdout) -> dict[str, float]:
    """What a server would pay for `model`: milliseconds a request, and bytes."""
    waited = latency(model, exam)
    figures = (waited.median_ms, waited.p95_ms, size_of(model))
    return dict(zip(SERVING, figures, strict=True))


def repeats(config: PipelineConfig, recipe: Recipe) -> int:
    """How many seeds a recipe is fitted with: one where the seed changes nothing."""
    return config.seeds if build(recipe.config).stochastic else 1


def read_seeds(workspace: Workspace, made: Reference, protocol: str) -> pd.DataFrame:
    """Read what each seed reached under one protocol (:func:`by_seed`)."""
    return pd.read_parquet(workspace.store.path(made, f"{protocol}.seeds.parquet"))


def read_occasions(workspace: Workspace, made: Reference, protocol: str) -> pd.DataFrame | None:
    """Read the scores by occasions (:func:`by_occasion`); None but for live protocols."""
    path = workspace.store.path(made, f"{protocol}.occasions.parquet")
    return pd.read_parquet(path) if path.exists() else None


def read_events(workspace: Workspace, made: Reference, protocol: str) -> pd.DataFrame:
    """Read the per-event table of one protocol."""
    return pd.read_parquet(workspace.store.path(made, f"{protocol}.parquet"))


def read_costs(workspace: Workspace, made: Reference) -> dict[str, dict[str, float]]:
    """Read what a recipe cost, by protocol; see :func:`backtested`."""
    path = workspace.store.path(made, COSTS)
    found: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.is_file() else {}
    return found


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
