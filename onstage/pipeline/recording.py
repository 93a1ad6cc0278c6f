"""A leaderboard in the tracking server: one run a recipe, comparable side by side."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.evaluation.slices import is_slice
from onstage.metrics.catalog import is_headline
from onstage.pipeline.backtest import COSTS, SERVING, read_curve
from onstage.pipeline.leaks import LEAKS, leaks_line, split_of
from onstage.pipeline.ranking import OCCASIONS, ROWS, primary_rows, read_rows
from onstage.pipeline.recipes import Recipe
from onstage.pipeline.repro.made import DATA_TAG, MADE, Made
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace


BOARD = "onstage.board"
"""Tag of a run that recorded a leaderboard: its digest."""

LEAKS_TAG: Final = "onstage.leaks"
"""Tag of a run: what the leak lint says in one line; of a recipe's run: ``passed``."""

SLICED: Final = "ndcg_at_10"
"""The one metric that is logged of kinds of viewers: with all of them nobody finds a column."""


def metrics_of(rows: pd.DataFrame, model: str) -> dict[str, float]:
    """What a model reached, as ``<protocol>/<group>/<metric>``; undefined values are left out."""
    mine = rows[(rows[Columns.MODEL] == model) & rows[Columns.VALUE].notna()]
    mine = mine[mine[Columns.METRIC].map(is_headline)]
    mine = mine[~mine[Columns.GROUP].map(is_slice) | (mine[Columns.METRIC] == SLICED)]
    keys = mine[Columns.PROTOCOL] + "/" + mine[Columns.GROUP] + "/" + mine[Columns.METRIC]
    return dict(zip(keys, mine[Columns.VALUE].astype(float), strict=True))


def record(
    workspace: Workspace,
    log: Reference,
    board: Reference,
    backtests: Mapping[str, Reference],
    recipes: list[Recipe],
    run: str,
) -> int:
    """Log the leaderboard to `run`, and a child run for each recipe; returns how many were new.

    The runs of a leaderboard's recipes are logged once, whoever made it; what it was made of
    (:mod:`onstage.pipeline.repro.made`) and its tables with every run.
    """
    tracker, experiment = tracker_of(workspace), workspace.experiment
    tracker.log_dataset(run, workspace.config.name, log.digest, str(workspace.store.path(log)))
    rows = read_rows(workspace, board)
    best = primary_rows(rows, workspace).iloc[0]
    value = float(best[Columns.VALUE])
    metric = workspace.mlflow.promotion.metric
    tags = {
        "leader": best[Columns.MODEL],
        LEAKS_TAG: leaks_line(workspace, board),
        DATA_TAG: log.digest[:16],
    }
    tracker.log(run, metrics={f"leader_{metric}": value}, tags=tags)
    made_of = Made.of(workspace, log, board, backtests, recipes)
    tracker.log_text(run, made_of.model_dump_json(indent=1), MADE)
    for name in (ROWS, OCCASIONS, LEAKS):
        tracker.log_artifact(run, workspace.store.path(board, name))
    if any(r.status == "FINISHED" for r in tracker.search(experiment, tags={BOARD: board.digest})):
        return 0
    for recipe in recipes:
        made = backtests[recipe.name]
        tags = {
            "onstage.kind": "backtest",
            "onstage.artifact": made.name,
            "origin": recipe.origin,
            LEAKS_TAG: "passed",  # a leak would have been an error
            **split_of(workspace.config),
        }
        with tracker.run(
            experiment,
            f"backtest-{recipe.name}",
            parent=run,
            tags=tags,
            params=recipe.config.model_dump(mode="json"),
            key=f"backtest-{board.digest[:16]}-{made.key[:16]}",
        ) as child:
            costs = {
                k: float(v)
                for k, v in made.counts.items()
                if k.endswith("_seconds") or k in SERVING
            }
            measured = {**metrics_of(rows, recipe.name), **costs}
            curve = {f"training_{k}": v for k, v in read_curve(workspace, made).items()}
            tracker.log(child, metrics=measured, series=curve)
            for name in (COSTS, LEAKS):
                tracker.log_artifact(child, workspace.store.path(made, name))
    tracker.log(run, tags={BOARD: board.digest})
    return len(recipes)
