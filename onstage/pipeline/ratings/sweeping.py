"""The search for the best ratings model, as a step that resumes."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from onstage.data.store import Reference, digest_json
from onstage.models.catalog import ModelConfig, parse
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.stored import StoredFolds
from onstage.pipeline.workspace import Workspace, read_state, write_atomically
from onstage.reporting.sweep_plots import plot_history, plot_importance
from onstage.tuning.fleet import Dispatch
from onstage.tuning.ratings.paired import judged, pruner_of
from onstage.tuning.result import BEST, TRIALS, SweepResult
from onstage.tuning.space import load_space
from onstage.tuning.storage import storage_of
from onstage.tuning.study import sweep


SWEEP_VERSION: Final = "2"
METRIC: Final = "minus_rmse"
"""What a study maximises."""


class _Last(BaseModel):
    """The newest sweep: what it was asked, what it started from, and what it found."""

    model_config = ConfigDict(extra="forbid")

    asked: str
    algorithm: str
    warm: dict[str, Any] | None
    best: dict[str, Any]


def swept_ratings(
    workspace: Workspace, validated: Reference, parent: str, dispatch: Dispatch | None = None
) -> Reference:
    """Tune ``ratings.sweep.algorithm`` on folds of all pairs but the hold-out.

    The artefact has ``trials.parquet``, ``best.json`` and two plots. The same question again is
    found; a new one (newer data, another space) starts from the best of the last sweep.

    Parameters
    ----------
    parent
        MLflow run that the study's run becomes a child of.
    dispatch
        Sends trials to the cluster of ``runner``; by default they run here, one at a time.
    """
    question = _question(workspace)
    at_once = 1 if dispatch is None else workspace.config.runner.workers
    if at_once > 1:
        question["parallel"] = True  # which trials there are depends on their timing
    asked = digest_json({"log": validated.digest, "version": SWEEP_VERSION, **question})
    last = read_state(_path(workspace), _Last)
    warm = _warm(workspace, asked, last)

    def build(folder: Path) -> Mapping[str, float | int | str]:
        study = workspace.folder / "studies" / f"ratings-{digest_json([asked, warm])[:16]}"
        result = _search(workspace, validated, (parent, warm), study.resolve(), dispatch)
        for name in (TRIALS, BEST):
            shutil.copyfile(study / name, folder / name)
        plot_history(result.trials, folder / "history.png")
        plot_importance(result.importance, folder / "importance.png")
        if result.run_id is not None:
            tracker_of(workspace).log_artifacts(result.run_id, folder, "sweep")
        return _counts(result)

    trials = workspace.config.ratings.sweep.trials
    asking = {**question, "trials": trials, "warm": warm}
    made = workspace.step("sweep-ratings", SWEEP_VERSION, {"log": validated}, asking, build)
    best = json.loads(workspace.store.path(made, BEST).read_text())["config"]
    newest = _Last(asked=asked, algorithm=best["algorithm"], warm=warm, best=best)
    write_atomically(_path(workspace), newest.model_dump_json(indent=1))
    return made


def best_of(workspace: Workspace, made: Reference) -> ModelConfig:
    """The best configuration that a sweep found."""
    return parse(json.loads(workspace.store.path(made, BEST).read_text())["config"])


def _path(workspace: Workspace) -> Path:
    return workspace.folder / "ratings-sweep.json"


def _question(workspace: Workspace) -> dict[str, Any]:
    ratings = workspace.config.ratings
    return {
        "target": ratings.target,
        "holdout": ratings.holdout_share,
        "seed": workspace.config.seed,
        **ratings.sweep.model_dump(mode="json", exclude={"trials"}),
    }


def _warm(workspace: Workspace, asked: str, last: _Last | None) -> dict[str, Any] | None:
    """What to try first: for a question asked before, what it was then."""
    rules = workspace.config.ratings.sweep
    if last is None or not rules.warm_start or last.algorithm != rules.algorithm:
        return None
    target = {"target": workspace.config.ratings.target}
    return last.warm if last.asked == asked else {**last.best, **target, **rules.fixed}


def _search(
    workspace: Workspace,
    validated: Reference,
    plan: tuple[str, dict[str, Any] | None],
    study: Path,
    dispatch: Dispatch | None,
) -> SweepResult:
    parent, warm = plan
    config, rules = workspace.config, workspace.config.ratings.sweep
    fixed = {"target": config.ratings.target, **rules.fixed}
    here = workspace if dispatch is None else workspace.travelling()
    return sweep(
        rules.algorithm,
        parse({"algorithm": rules.algorithm, **fixed}),
        load_space(rules.algorithm, rules.space).without(fixed),
        StoredFolds(here, validated),
        trials=rules.trials,
        seed=config.seed,
        folder=study,
        metric=METRIC,
        tracker=tracker_of(workspace),
        experiment=workspace.experiment,
        parent_run=parent,
        startup_trials=rules.startup_trials,
        progress=workspace.settings.progress,
        looks=rules.folds,
        pruner=pruner_of(rules.pruning),
        judge=judged if rules.pruning.enabled else None,
        warm=None if warm is None else parse(warm),
        processes=1 if dispatch is None else config.runner.workers,
        storage=storage_of(workspace.settings) if dispatch is not None else None,
        dispatch=dispatch,
    )


def _counts(result: SweepResult) -> dict[str, float | int | str]:
    states = result.trials["state"].str.lower().value_counts()
    return {
        "algorithm": result.algorithm,
        "rmse": -result.best_value,
        "trials": len(result.trials),
        "pruned": int(states.get("pruned", 0)),
        "failed": int(states.get("failed", 0)),
        "run": result.run_id or "",
        "fit_seconds": round(result.fit_seconds, 3),
        "test_seconds": round(result.evaluate_seconds, 3),
    }
