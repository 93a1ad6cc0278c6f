"""Why timing matters, as steps: each model without availability, then the report."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.errors import ConfigError
from onstage.evaluation.timing import blindness, repeat_gaps
from onstage.features.rhythm import live_by_hour, week_of_streamers, week_of_viewers
from onstage.models.catalog import build as build_model
from onstage.models.config import FitOptions
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.folio import FACTS, Folio, metric_part
from onstage.pipeline.outcome import Outcome, recall
from onstage.pipeline.ranking import primary_rows, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.workspace import Counts, Workspace
from onstage.reporting.timing import FIGURES, PAGE, Timing, render_timing


BLINDNESS_VERSION: Final = "1"
TIMING_VERSION: Final = "1"
BLIND: Final = "blindness.json"


def timeable(workspace: Workspace) -> Outcome:
    """The newest retrain, whose models are asked.

    Raises
    ------
    ConfigError
        Before the first retrain, or if the log does not say who is live when.
    """
    outcome = recall(workspace)
    if workspace.config.primary.kind != "live":
        message = (
            f"timing: the primary protocol is {workspace.config.primary.name}, which does not ask "
            "who is live; put a live protocol first in protocols"
        )
        raise ConfigError(message)
    if accepted_log(workspace, outcome.log).availability.always:
        message = (
            f"timing: {workspace.config.name} has neither windows nor ends, so everything is "
            "always live; give ends_at or a table of windows"
        )
        raise ConfigError(message)
    return outcome


def blinded(workspace: Workspace, validated: Reference, recipe: Recipe) -> Reference:
    """Fit one recipe once, with the run's seed, and ask it with and without availability."""
    config = workspace.config

    def build(folder: Path) -> Counts:
        log = accepted_log(workspace, validated)
        exam = log.exam(config.primary).test
        options = FitOptions(config.seed, workspace.settings.threads, log.availability)
        model = build_model(recipe.config).fit(exam.train, options)
        found = asdict(blindness(model, exam, log.availability))
        (folder / BLIND).write_text(json.dumps(found), encoding="utf-8")
        return {"algorithm": recipe.config.algorithm, **found}

    return workspace.step(
        "blindness",
        BLINDNESS_VERSION,
        {"log": validated},
        {"config": recipe.config, "protocol": config.primary, "seed": config.seed},
        build,
    )


def drawn(
    workspace: Workspace, validated: Reference, board: Reference, blind: Mapping[str, Reference]
) -> Reference:
    """Compute the rest and write the page, its figures and its numbers."""
    config = workspace.config

    def build(folder: Path) -> Counts:
        log = accepted_log(workspace, validated)
        data, index = log.dataset, log.availability
        span = int(data.time[0]), int(data.time[-1]) + 1
        timing = Timing(
            name=config.name,
            protocol=config.primary.name,
            clock=config.clock,
            live=live_by_hour(index, config.clock, *span),
            n_items=data.n_items,
            models=_models(workspace, board, blind),
            gaps=repeat_gaps(data),
            streamers=week_of_streamers(index, config.clock, *span),
            viewers=week_of_viewers(data),
        )
        facts = render_timing(timing, folder)
        (folder / FACTS).write_text(json.dumps(facts, indent=1, allow_nan=False), encoding="utf-8")
        return {"models": len(blind), "figures": len(list((folder / FIGURES).iterdir()))}

    return workspace.step(
        "timing",
        TIMING_VERSION,
        {"log": validated, "board": board, **blind},
        {"name": config.name, "clock": config.clock, "protocol": config.primary},
        build,
    )


def _models(workspace: Workspace, board: Reference, blind: Mapping[str, Reference]) -> pd.DataFrame:
    """One row a model, in the order of the leaderboard."""
    rows = []
    for name in primary_rows(read_rows(workspace, board), workspace)[Columns.MODEL]:
        found = json.loads(workspace.store.path(blind[name], BLIND).read_text(encoding="utf-8"))
        rows.append({Columns.MODEL: name, **found})
    return pd.DataFrame(rows)


def _metrics(facts: Mapping[str, Any]) -> dict[str, float]:
    return {
        f"{name}/{metric_part(row[Columns.MODEL])}": float(row[name])
        for row in facts["models"]
        for name in ("offline", "aware", "blind")
    }


FOLIO: Final = Folio("timing", PAGE, FIGURES, _metrics)
