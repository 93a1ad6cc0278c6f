"""One study as a step: resumable in its own folder, published whole when it is over."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from onstage.data.store import Reference, digest_json
from onstage.models.catalog import ModelConfig, parse
from onstage.models.config import FitOptions
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.stored import StoredObjective
from onstage.pipeline.workspace import Workspace
from onstage.reporting.sweep_plots import plot_history, plot_importance
from onstage.tuning.config import SweepConfig
from onstage.tuning.fleet import Dispatch
from onstage.tuning.objective import Objective, ValidationObjective
from onstage.tuning.result import BEST, TRIALS, SweepResult
from onstage.tuning.space import Space, load_space
from onstage.tuning.storage import storage_of
from onstage.tuning.study import sweep


SWEEP_VERSION = "1"
PLOTS: Final = ("history.png", "importance.png")


def swept(
    workspace: Workspace,
    validated: Reference,
    algorithm: str,
    parent: str,
    dispatch: Dispatch | None = None,
) -> Reference:
    """Tune one algorithm on the primary protocol's validation part.

    The artefact has ``trials.parquet``, ``best.json`` and the plots. Its content is what was found
    best: trials also say how long they took. While it runs, the study stands in the data set's
    folder, so that a killed process loses at most its current trials.

    Parameters
    ----------
    parent
        MLflow run that the study's run becomes a child of.
    dispatch
        Sends trials to the cluster of ``runner``; by default they run here.
    """
    config = workspace.config
    budget, mine = _budget(workspace, dispatch), config.sweep.algorithms[algorithm]
    space = load_space(algorithm, mine.space).without(mine.fixed)
    base = parse({"algorithm": algorithm, **mine.fixed})
    trials = mine.trials or budget.trials
    rules = workspace.mlflow.promotion
    question = {
        "base": base,
        "space": space,
        "trials": trials,
        "seed": config.seed,
        "protocol": config.primary,
        "metric": rules.metric,
        "group": rules.group,
        "budget": _asked(budget),
    }

    def build(folder: Path) -> Mapping[str, float | int | str]:
        study = _study_folder(workspace, validated, algorithm, question)
        plan = (base, space, trials, parent)
        result = _search(workspace, validated, plan, study.resolve(), dispatch)
        for name in (TRIALS, BEST):
            shutil.copyfile(study / name, folder / name)
        plot_history(result.trials, folder / PLOTS[0])
        plot_importance(result.importance, folder / PLOTS[1])
        if result.run_id is not None:
            tracker_of(workspace).log_artifacts(result.run_id, folder, "sweep")
        return _counts(result)

    return workspace.step(
        "sweep", SWEEP_VERSION, {"log": validated}, question, build, content=(BEST,)
    )


def best_config(workspace: Workspace, made: Reference) -> ModelConfig:
    """The best configuration that a sweep found."""
    return parse(best_found(workspace, made)["config"])


def best_found(workspace: Workspace, made: Reference) -> dict[str, Any]:
    """What a sweep says of its best trial: ``config``, ``value``, ``importance`` and more."""
    best: dict[str, Any] = json.loads(workspace.store.path(made, BEST).read_text())
    return best


def _study_folder(
    workspace: Workspace, validated: Reference, algorithm: str, question: Mapping[str, Any]
) -> Path:
    """Where the study stands: the same for the same question, whatever the number of trials."""
    asked = {name: value for name, value in question.items() if name != "trials"}
    key = digest_json({"log": validated.digest, "version": SWEEP_VERSION, **asked})
    return workspace.folder / "studies" / f"{algorithm}-{key[:16]}"


def _search(
    workspace: Workspace,
    validated: Reference,
    plan: tuple[ModelConfig, Space, int, str],
    study: Path,
    dispatch: Dispatch | None,
) -> SweepResult:
    config, rules = workspace.config, workspace.mlflow.promotion
    base, space, trials, parent = plan
    budget = _budget(workspace, dispatch)
    return sweep(
        base.algorithm,
        base,
        space,
        _objective(workspace, validated, spread=dispatch is not None),
        trials=trials,
        seed=config.seed,
        folder=study,
        metric=rules.metric,
        tracker=tracker_of(workspace),
        experiment=workspace.experiment,
        parent_run=parent,
        pruning=budget.pruning,
        jobs=budget.jobs,
        processes=budget.processes,
        constant_liar=budget.constant_liar,
        storage=storage_of(workspace.settings),
        timeout_seconds=budget.timeout_seconds,
        startup_trials=budget.startup_trials,
        progress=workspace.settings.progress,
        dispatch=dispatch,
    )


def _objective(workspace: Workspace, validated: Reference, *, spread: bool) -> Objective:
    if spread:
        return StoredObjective.of(workspace.travelling(), validated)
    config, rules, budget = workspace.config, workspace.mlflow.promotion, workspace.config.sweep
    log = accepted_log(workspace, validated)
    threads = _threads(workspace.settings.threads, budget.at_once)
    return ValidationObjective(
        log.exam(config.primary).validation,
        rules.metric,
        rules.group,
        FitOptions(config.seed, threads, log.availability),
        look_events=budget.pruning.events,
    )


def _budget(workspace: Workspace, dispatch: Dispatch | None) -> SweepConfig:
    """The sweep's budget: on a cluster, its workers are what processes are elsewhere."""
    config = workspace.config
    return config.sweep if dispatch is None else config.sweep.with_processes(config.runner.workers)


def _asked(budget: SweepConfig) -> dict[str, Any]:
    """The part of the budget that the result depends on.

    One trial at a time gives one result; of several at a time, their number is as good as another.
    """
    outside = {"algorithms", "trials", "processes"}
    if budget.at_once == 1:
        return budget.model_dump(mode="json", exclude={*outside, "constant_liar"})
    return {**budget.model_dump(mode="json", exclude={*outside, "jobs"}), "parallel": True}


def _threads(threads: int, at_once: int) -> int:
    """Threads of one fit when several trials run at once."""
    return threads if at_once == 1 else max(1, (threads or os.cpu_count() or 1) // at_once)


def _counts(result: SweepResult) -> dict[str, float | int | str]:
    states = result.trials["state"].str.lower().value_counts()
    return {
        "algorithm": result.algorithm,
        "value": result.best_value,
        "trials": len(result.trials),
        "pruned": int(states.get("pruned", 0)),
        "failed": int(states.get("failed", 0)),
        "run": result.run_id or "",
        "fit_seconds": round(result.fit_seconds, 3),
        "evaluate_seconds": round(result.evaluate_seconds, 3),
    }
