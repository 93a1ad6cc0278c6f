"""The masked evaluation as a step: a model and popularity on the same hidden pairs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.evaluation.bootstrap import interval, resampled_means
from onstage.evaluation.masked_auc import CELLS, list_aucs, user_aucs
from onstage.models.catalog import ModelConfig, build
from onstage.models.config import FitOptions
from onstage.pipeline.asking import recipe_called
from onstage.pipeline.exams import accepted_log
from onstage.pipeline.leaks import SPLIT_TAG
from onstage.pipeline.recipes import recipe_of
from onstage.pipeline.recommending import served
from onstage.pipeline.runs import tracker_of
from onstage.pipeline.workspace import Workspace
from onstage.seeds import generator
from onstage.splitting.holdout import Holdout
from onstage.splitting.masked import masked_holdouts
from onstage.splitting.protocol import MaskedProtocol


MASKED_VERSION = "1"
TABLE: Final = "users.parquet"
MODEL: Final = "model"
POPULARITY: Final = "popularity"
INFORMED: Final = "popularity_of_all_pairs"
"""Popularity that counts the hidden pairs too, as the notebook's does: it has seen the answers."""
COLUMNS: Final = (MODEL, POPULARITY, INFORMED)
RESAMPLES: Final = 1000


def masked(workspace: Workspace, validated: Reference, asked: str, share: float) -> Reference:
    """Hide a share of pairs, fit on the others, and keep every user's AUC in ``users.parquet``.

    Parameters
    ----------
    asked
        A recipe: see :func:`onstage.pipeline.asking.recipe_called`; or ``champion``, whose recipe
        is fitted on the pairs that were not hidden.
    share
        In (0, 1). Which pairs are hidden, the configuration's seed decides.
    """
    recipe = _recipe(workspace, asked)
    protocol = MaskedProtocol(share=share, seed=workspace.config.seed)

    def build_table(folder: Path) -> Mapping[str, float | int | str]:
        log = accepted_log(workspace, validated)
        exam = masked_holdouts(protocol, log.dataset).test
        options = FitOptions(workspace.config.seed, workspace.settings.threads, log.availability)
        model = build(recipe).fit(exam.train, options)
        model.observe(exam.past)
        scored = model.scored(exam.requests, exam.candidates, cells=CELLS)
        table = aucs(exam, user_aucs(scored, hidden_pairs(exam)))
        table.to_parquet(folder / TABLE, index=False)
        return {"algorithm": recipe.algorithm, "users": len(table), "pairs": len(exam.relevant)}

    return workspace.step(
        "masked-auc",
        MASKED_VERSION,
        {"log": validated},
        {"recipe": recipe, "protocol": protocol, "seed": workspace.config.seed},
        build_table,
    )


def hidden_pairs(exam: Holdout) -> sparse.csr_matrix:
    """What was hidden, one row a request, ones."""
    ones = np.ones(len(exam.relevant))
    shape = (len(exam), exam.train.n_items)
    return sparse.csr_matrix((ones, exam.relevant, exam.relevant_indptr), shape=shape)


def aucs(exam: Holdout, model: NDArray[np.float64]) -> pd.DataFrame:
    """One row a user: the model's AUC beside that of both popularities."""
    hidden, train = hidden_pairs(exam), exam.train.matrix
    known = train[exam.requests.users]
    counted = np.bincount(train.indices, minlength=exam.train.n_items)
    everything = counted + np.bincount(hidden.indices, minlength=exam.train.n_items)
    return pd.DataFrame(
        {
            Columns.USER: exam.train.users[exam.requests.users],
            "hidden": np.diff(hidden.indptr),
            MODEL: model,
            POPULARITY: list_aucs(counted, known, hidden),
            INFORMED: list_aucs(everything, known, hidden),
        }
    )


def read_masked(workspace: Workspace, made: Reference) -> pd.DataFrame:
    """Every user's AUC."""
    return pd.read_parquet(workspace.store.path(made, TABLE))


def summary(table: pd.DataFrame, seed: int) -> list[dict[str, Any]]:
    """Means over users with 95 % intervals (bootstrap over users), and the paired gain.

    Returns
    -------
    list of dict
        ``name``, ``value``, ``low``, ``high``, ``n`` (users with a value).
    """
    values = table[list(COLUMNS)].to_numpy(dtype=np.float64)
    gain = values[:, :1] - values[:, 1:]
    values = np.hstack([values, gain])
    names = [*COLUMNS, f"gain_over_{POPULARITY}", f"gain_over_{INFORMED}"]
    users = np.arange(len(values))
    means = resampled_means(users, values, RESAMPLES, generator(seed, "masked-auc"))
    low, high = interval(means, 0.95)
    mean = np.nanmean(values, axis=0)
    n = np.isfinite(values).sum(axis=0)
    return [
        {"name": name, "value": float(m), "low": float(lo), "high": float(hi), "n": int(count)}
        for name, m, lo, hi, count in zip(names, mean, low, high, n, strict=True)
    ]


def record_masked(
    workspace: Workspace, made: Reference, asked: str, share: float, run: str
) -> None:
    """Log the means, the recipe and every user's AUC to `run`."""
    tracker = tracker_of(workspace)
    rows = summary(read_masked(workspace, made), workspace.config.seed)
    metrics = {f"masked_auc/{row['name']}": row["value"] for row in rows}
    recipe = _recipe(workspace, asked).model_dump(mode="json")
    params = {**recipe, "share": share, "asked": asked}
    tracker.log(run, metrics=metrics, params=params, tags={SPLIT_TAG: "random"})
    tracker.log_artifact(run, workspace.store.path(made, TABLE))


def _recipe(workspace: Workspace, asked: str) -> ModelConfig:
    if asked == "champion" and asked not in workspace.config.models:
        return recipe_of(served(workspace))
    return recipe_called(workspace, asked)
