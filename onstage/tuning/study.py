"""One study: trials until the budget is used, resumed where an earlier process stopped."""

import logging
import uuid
from contextlib import ExitStack
from pathlib import Path

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner

from onstage.errors import ConfigError, StoreError
from onstage.models.catalog import ModelConfig
from onstage.tracking import Tracker
from onstage.tracking.lock import locked
from onstage.tuning.bridge import Bridge
from onstage.tuning.config import Pruning
from onstage.tuning.journal import open_journal
from onstage.tuning.objective import Objective
from onstage.tuning.plan import Plan
from onstage.tuning.result import BEST, SweepResult, conclude, write
from onstage.tuning.search import Judge, Search
from onstage.tuning.space import Space, default


logger = logging.getLogger(__name__)

_KEY = "key"


def sweep(  # noqa: PLR0913  # a sweep really has that many questions
    algorithm: str,
    base: ModelConfig | None,
    space: Space,
    objective: Objective,
    *,
    trials: int,
    seed: int,
    folder: Path,
    metric: str,
    tracker: Tracker | None = None,
    experiment: str = "onstage",
    parent_run: str | None = None,
    pruning: Pruning | None = None,
    jobs: int = 1,
    timeout_seconds: float | None = None,
    startup_trials: int = 8,
    progress: bool = True,
    looks: int | None = None,
    pruner: BasePruner | None = None,
    warm: ModelConfig | None = None,
    judge: Judge | None = None,
) -> SweepResult:
    """Search the space of one algorithm for the largest value of the objective.

    The first trial is the default. With one job, the same seed, space and data give the same
    trials, also across a ``kill -9`` and a resume.

    Parameters
    ----------
    algorithm
        Whose hyperparameters are searched.
    base
        What the space leaves open is taken from here; the algorithm's defaults by default.
    objective
        Larger is better.
    trials
        Trials that must be over in the end, those of earlier processes included.
    folder
        Where ``study.journal``, ``trials.parquet`` and ``best.json`` stand. Give the same folder
        again to resume; more `trials` than before go on where it ended. Only one process at a
        time may use it.
    metric
        Name of what the objective returns, for the record.
    tracker
        Where the parent run and its children go; nowhere by default.
    experiment
        Name of the MLflow experiment.
    parent_run
        Run that the study's run is a child of.
    jobs, timeout_seconds, startup_trials, pruning
        See :class:`onstage.tuning.config.SweepConfig`.
    progress
        Whether to show a bar, if on a terminal.
    looks
        How often the objective offers a look, where that is not the model's iterations; the last
        one is the end.
    pruner
        Who gives trials up; by default the median rule of `pruning`.
    warm
        A configuration to try first. What the space does not reach is tried at its edge.
    judge
        What the sampler is told of the trials that are over, instead of the trials themselves.

    Raises
    ------
    ConfigError
        If the base or the space is another algorithm's.
    StoreError
        If the folder cannot be written or is in use.
    TrackingError
        If MLflow stops answering. What was found stays in the folder.
    OnstageError
        If no trial completed.
    """
    plan = Plan(
        base=_base(algorithm, base, space),
        space=space,
        metric=metric,
        trials=trials,
        seed=seed,
        jobs=jobs,
        timeout_seconds=timeout_seconds,
        startup_trials=startup_trials,
        pruning=pruning or Pruning(),
        looks=looks,
        warm=warm,
    )
    with ExitStack() as stack:
        _occupy(folder, stack)
        study = _open(folder, plan, pruner or _pruner(plan.pruning))
        bridge = None
        if tracker is not None:
            key = str(study.user_attrs[_KEY])
            bridge = Bridge.open(tracker, experiment, plan, key, parent_run)
        try:
            return _run(Search(plan, study, objective, bridge, judge), folder, progress=progress)
        except BaseException as error:
            if bridge is not None:
                bridge.abandon(error)
            raise


def _run(search: Search, folder: Path, *, progress: bool) -> SweepResult:
    search.recover()
    search.run(progress=progress)
    run_id = None if search.bridge is None else search.bridge.run_id
    result = conclude(search.study, search.plan, run_id)
    write(result, search.plan, folder)
    if search.bridge is not None:
        search.bridge.close(result, {BEST: (folder / BEST).read_text()})
    return result


def _base(algorithm: str, base: ModelConfig | None, space: Space) -> ModelConfig:
    base = default(algorithm) if base is None else base
    for what, other in (("base", base.algorithm), ("space", space.algorithm)):
        if other != algorithm:
            message = f"sweep of {algorithm!r}: the {what} is of {other!r}; give both of one"
            raise ConfigError(message)
    return base


def _occupy(folder: Path, stack: ExitStack) -> None:
    """Keep every other process out of `folder` until `stack` closes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(locked(folder / "sweep.lock", wait=False))
    except BlockingIOError as error:
        message = f"sweep folder {folder}: another process is at it; wait for it, or stop it"
        raise StoreError(message) from error
    except OSError as error:
        message = f"sweep folder {folder}: {error.strerror}; choose a writable one"
        raise StoreError(message) from error


def _open(folder: Path, plan: Plan, pruner: BasePruner) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=open_journal(folder),
        study_name=plan.study,
        direction="maximize",
        load_if_exists=True,
        pruner=pruner,
    )
    if _KEY not in study.user_attrs:
        study.set_user_attr(_KEY, uuid.uuid4().hex)
    return study


def _pruner(pruning: Pruning) -> BasePruner:
    if not pruning.enabled:
        return NopPruner()
    return MedianPruner(
        n_startup_trials=pruning.after, n_warmup_steps=pruning.patience * pruning.interval + 1
    )
