"""The best ratings model on the hold-out: in the target's space, and in seconds."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onstage.data.store import Reference
from onstage.evaluation.ratings.accuracy import examine
from onstage.evaluation.ratings.parallel import fold_seed
from onstage.evaluation.ratings.seconds import Retransformation, in_seconds
from onstage.models.catalog import ModelConfig
from onstage.pipeline.ratings.pairs import all_ratings, folds_of, held_out, unit_of
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


CHECK_VERSION: Final = "1"
CHECK: Final = "check.json"


def checked(workspace: Workspace, validated: Reference, best: ModelConfig) -> Reference:
    """Refit on the whole training part, and ask the hold-out.

    The artefact is ``check.json``: ``rmse``, ``mae``, ``baseline_rmse`` (the training's mean for
    everybody), ``n``, ``known``, ``unit``; and where the target is a logarithm ``factors``, the
    retransformation measured on folds of the training part, and ``seconds``: RMSE, MAE and bias of
    exp as it is (``raw``), times ``smearing``, and times ``lognormal``.
    """
    config = workspace.config.ratings

    def build(folder: Path) -> Mapping[str, float | int | str]:
        kept = held_out(workspace, all_ratings(workspace, validated))
        accuracy, estimate = examine(best, kept, fold_seed(workspace.config.seed, config.folds))
        middle = float(np.sqrt(np.mean((kept.test.value - kept.train.value.mean()) ** 2)))
        made: dict[str, Any] = {
            **asdict(accuracy),
            "baseline_rmse": middle,
            "unit": unit_of(workspace),
        }
        if config.target != "rating":
            residuals = _residuals(workspace, validated, best)
            made |= _in_seconds(Retransformation.of(residuals), kept.test.value, estimate)
        (folder / CHECK).write_text(json.dumps(made, indent=1))
        return {"rmse": accuracy.rmse, "mae": accuracy.mae, "n": accuracy.n}

    return workspace.step(
        "check-ratings",
        CHECK_VERSION,
        {"log": validated},
        {
            "model": best,
            "folds": config.sweep.folds,
            "holdout": config.holdout_share,
            "seed": workspace.config.seed,
        },
        build,
    )


def read_check(workspace: Workspace, made: Reference) -> dict[str, Any]:
    """What :func:`checked` wrote."""
    check: dict[str, Any] = json.loads(workspace.store.path(made, CHECK).read_text())
    return check


def record_check(workspace: Workspace, made: Reference, run: str) -> None:
    """Log the hold-out to a run."""
    check = read_check(workspace, made)
    numbers = {name: check[name] for name in ("rmse", "mae", "baseline_rmse")}
    metrics = {f"holdout_{name}": value for name, value in numbers.items()}
    for how, errors in check.get("seconds", {}).items():
        metrics |= {f"holdout_{how}_{name}": value for name, value in errors.items()}
    tracker_of(workspace).log(run, metrics=metrics)


def _residuals(
    workspace: Workspace, validated: Reference, best: ModelConfig
) -> NDArray[np.float64]:
    """Truth - estimate of every training rating, each estimated by folds without it."""
    training = held_out(workspace, all_ratings(workspace, validated)).train
    folds = folds_of(workspace, training, workspace.config.ratings.sweep.folds)
    seed = workspace.config.seed
    return np.concatenate(
        [
            fold.test.value - examine(best, fold, fold_seed(seed, number))[1]
            for number, fold in enumerate(folds)
        ]
    )


def _in_seconds(
    factors: Retransformation, truth: NDArray[np.float64], estimate: NDArray[np.float64]
) -> dict[str, Any]:
    ways = {"raw": 1.0, "smearing": factors.smearing, "lognormal": factors.lognormal}
    seconds = {name: asdict(in_seconds(truth, estimate, by)) for name, by in ways.items()}
    return {"factors": asdict(factors), "seconds": seconds}
