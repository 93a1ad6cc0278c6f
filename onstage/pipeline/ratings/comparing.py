"""Ratings models side by side: k-fold cross-validation on a sample, and a hold-out check."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from tqdm import tqdm

from onstage.columns import Columns
from onstage.data.store import Reference
from onstage.errors import OnstageError, StoreError
from onstage.evaluation.ratings.accuracy import Accuracy
from onstage.evaluation.ratings.folds import Fold
from onstage.evaluation.ratings.parallel import Examiner, examiner
from onstage.models.catalog import ModelConfig
from onstage.pipeline.ratings.pairs import with_target
from onstage.pipeline.stored import StoredFolds
from onstage.pipeline.workspace import Workspace


logger = logging.getLogger(__name__)

COMPARE_VERSION: Final = "1"
FOLDS: Final = "folds.json"
SPREAD: Final = ("rmse", "mae", "fit_seconds", "test_seconds")
"""What is shown as a mean over folds with its standard deviation, ``<name>_std``."""
COLUMNS: Final = (
    Columns.MODEL,
    "algorithm",
    *(f"{name}{end}" for name in SPREAD for end in ("", "_std")),
    *("holdout_rmse", "holdout_mae", "known", "refused"),
)


@dataclass(frozen=True)
class Comparison:
    """What came of every model.

    Attributes
    ----------
    made
        Model to artefact, in the order of the configuration.
    refused
        Model to the one line that says why it could not be learned.
    """

    made: dict[str, Reference]
    refused: dict[str, str]


Examine: TypeAlias = Callable[[ModelConfig], list[Accuracy]]
"""Learns and asks every fold; the hold-out is the last."""


def compared(
    workspace: Workspace, validated: Reference, examine: Examine | None = None
) -> Comparison:
    """Cross-validate every model of ``ratings.models`` on the same folds of the same sample.

    One artefact a model, so that a killed comparison goes on at the model where it stopped. A model
    that cannot be learned from these data is said to be refused, and the others go on.

    Parameters
    ----------
    examine
        By default folds are examined by processes of this machine.

    Raises
    ------
    ContractError
        If the log does not have the target.
    SplitError
        If there are more folds than ratings.
    """
    config = workspace.config.ratings
    folds = StoredFolds(workspace, validated).compared
    made, refused = {}, {}
    with ExitStack() as stack:
        examine = examine or _Once(workspace, folds, stack)
        for name, model in config.models.items():
            try:
                made[name] = _compared_one(workspace, validated, model, examine)
            except StoreError:
                raise
            except OnstageError as error:
                logger.warning("%s is left out: %s", name, error)
                refused[name] = str(error)
    return Comparison(made, refused)


class _Once:
    """An examiner whose processes start when the first model needs them."""

    def __init__(self, workspace: Workspace, folds: list[Fold], stack: ExitStack) -> None:
        self._workspace, self._folds, self._stack = workspace, folds, stack
        self._examine: Examiner | None = None

    def __call__(self, config: ModelConfig) -> list[Accuracy]:
        settings = self._workspace.settings
        if self._examine is None:
            jobs = settings.threads or os.cpu_count() or 1
            opened = examiner(self._folds, self._workspace.config.seed, jobs)
            self._examine = self._stack.enter_context(opened)
        bar = tqdm(
            self._examine(config),
            total=len(self._folds),
            desc=f"compare {config.algorithm}",
            unit="fold",
            disable=None if settings.progress else True,
        )
        return list(bar)


def _compared_one(
    workspace: Workspace, validated: Reference, model: ModelConfig, examine: Examine
) -> Reference:
    config = workspace.config.ratings
    asked = with_target(model, config.target)

    def build(folder: Path) -> Mapping[str, float | int | str]:
        *folds, holdout = examine(asked)
        made = {"folds": [asdict(one) for one in folds], "holdout": asdict(holdout)}
        (folder / FOLDS).write_text(json.dumps(made, indent=1))
        return {
            "algorithm": model.algorithm,
            "rmse": float(np.mean([one.rmse for one in folds])),
            "holdout_rmse": holdout.rmse,
        }

    return workspace.step(
        "compare-ratings",
        COMPARE_VERSION,
        {"log": validated},
        {
            "model": asked,
            "sample": config.sample,
            "folds": config.folds,
            "holdout": config.holdout_share,
            "seed": workspace.config.seed,
        },
        build,
    )


def read_folds(workspace: Workspace, made: Reference) -> tuple[list[Accuracy], Accuracy]:
    """What came of each fold of one model, and of the hold-out."""
    raw = json.loads(workspace.store.path(made, FOLDS).read_text())
    return [Accuracy(**one) for one in raw["folds"]], Accuracy(**raw["holdout"])


def table(workspace: Workspace, comparison: Comparison) -> pd.DataFrame:
    """One row a model, the smallest RMSE first.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``algorithm``; ``rmse``, ``mae``, ``fit_seconds``, ``test_seconds``, each a mean
        over folds with ``<name>_std``, its standard deviation; ``holdout_rmse``, ``holdout_mae``;
        ``known``, the share of ratings asked whose user and item were trained; ``refused``, why
        there are no numbers, or an empty text.
    """
    rows = [_row(workspace, name, made) for name, made in comparison.made.items()]
    rows += [{Columns.MODEL: name, "refused": why} for name, why in comparison.refused.items()]
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return table.sort_values("rmse", kind="stable", ignore_index=True)


def _row(workspace: Workspace, name: str, made: Reference) -> dict[str, Any]:
    folds, holdout = read_folds(workspace, made)
    row: dict[str, Any] = {Columns.MODEL: name, "algorithm": made.counts["algorithm"]}
    for what in SPREAD:
        values = [getattr(one, what) for one in folds]
        row |= {what: float(np.mean(values)), f"{what}_std": float(np.std(values))}
    known = float(np.mean([one.known for one in folds]))
    check = {"holdout_rmse": holdout.rmse, "holdout_mae": holdout.mae}
    return {**row, **check, "known": known, "refused": ""}
