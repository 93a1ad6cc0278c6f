"""The model that is served: a recipe fitted on everything, as files."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from onstage.data.store import Reference
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.pipeline.checkpoints import checkpoint
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.workspace import Workspace
from onstage.serving.bundle import save_bundle


REFIT_VERSION = "3"
BUNDLE: Final = "bundle"
"""Folder of the bundle, in the artefact and in the registered model."""


def refitted(workspace: Workspace, validated: Reference, recipe: ModelConfig) -> Reference:
    """Fit `recipe` on the whole accepted log and write the bundle that serving loads."""
    config = workspace.config

    def build_bundle(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        options = FitOptions(config.seed, workspace.settings.threads, log.availability)
        began = time.perf_counter()
        what = {"log": validated.digest, "model": recipe.model_dump(mode="json")}
        with checkpoint(workspace, step="refit", seed=config.seed, **what) as path:
            model = build(recipe).fit(log.dataset, replace(options, checkpoint=path))
        fitting = time.perf_counter() - began
        save_bundle(
            model,
            folder / BUNDLE,
            availability=log.availability,
            repeat=config.primary.repeat,
            extra={"data": validated.digest, "name": config.name},
        )
        return {
            "algorithm": recipe.algorithm,
            "rows": len(log.dataset),
            "fit_seconds": round(fitting, 3),
        }

    return workspace.step(
        "refit",
        REFIT_VERSION,
        {"log": validated},
        {"recipe": recipe, "seed": config.seed, "repeat": config.primary.repeat},
        build_bundle,
    )
