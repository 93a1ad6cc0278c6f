"""A comparison of ratings models in the tracking server: models under the run, folds under them."""

from dataclasses import asdict

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.evaluation.ratings.accuracy import Accuracy
from onstage.pipeline.leaks import SPLIT_TAG
from onstage.pipeline.ratings.comparing import Comparison, read_folds
from onstage.pipeline.ratings.pairs import with_target
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.tracking import Tracker
from onstage.tracking.runs import KEY


def record(
    workspace: Workspace, log: Reference, comparison: Comparison, rows: pd.DataFrame, run: str
) -> int:
    """Log the table to `run`, a child for each model, and its child for each fold.

    A model's artefact is logged once, whoever made it; returns how many were new.
    """
    tracker, new = tracker_of(workspace), 0
    config = workspace.config.ratings
    tracker.log_dataset(run, workspace.config.name, log.digest, str(workspace.store.path(log)))
    asked = {"target": config.target, "sample": config.sample, "folds": config.folds}
    params = {**asked, "holdout_share": config.holdout_share}
    tracker.log(run, params=params, tags={SPLIT_TAG: "random"})  # folds are drawn
    if comparison.made:
        tracker.log(run, metrics={"best_rmse": float(rows["rmse"].min())})
        tracker.log(run, tags={"best": rows[Columns.MODEL].iloc[0]})
    for name, made in comparison.made.items():
        new += _model(workspace, tracker, run, (name, made), rows)
    tracker.log_table(run, rows, "comparison.csv")
    return new


def _model(
    workspace: Workspace, tracker: Tracker, run: str, one: tuple[str, Reference], rows: pd.DataFrame
) -> int:
    name, made = one
    key = f"ratings-{made.key[:24]}"
    found = tracker.search(workspace.experiment, tags={KEY: key})
    if any(record.status == "FINISHED" for record in found):
        return 0
    ratings = workspace.config.ratings
    config = with_target(ratings.models[name], ratings.target)
    row = rows[rows[Columns.MODEL] == name].iloc[0]
    numbers = {str(n): float(v) for n, v in row.items() if isinstance(v, float)}
    folds, holdout = read_folds(workspace, made)
    with tracker.run(
        workspace.experiment,
        f"ratings-{name}",
        parent=run,
        tags={"onstage.kind": "ratings", "onstage.artifact": made.name},
        params=config.model_dump(mode="json"),
        key=key,
    ) as child:
        tracker.log(child, metrics=numbers)
        named = {f"fold-{number}": fold for number, fold in enumerate(folds)}
        for fold_name, fold in {**named, "holdout": holdout}.items():
            _fold(workspace, tracker, child, (f"{name}-{fold_name}", f"{key}-{fold_name}"), fold)
    return 1


def _fold(
    workspace: Workspace, tracker: Tracker, parent: str, names: tuple[str, str], fold: Accuracy
) -> None:
    name, key = names
    with tracker.run(
        workspace.experiment, name, parent=parent, tags={"onstage.kind": "fold"}, key=key
    ) as run:
        tracker.log(run, metrics=asdict(fold))
