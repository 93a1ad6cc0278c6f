"""One study: trials until the budget is used, resumed where an earlier process stopped."""

import logging
import uuid
from contextlib import ExitStack
from pathlib import Path

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from pydantic import SecretStr

from onstage.errors import ConfigError, StoreError
from onstage.models.catalog import ModelConfig
from onstage.tracking import Tracker
from onstage.tracking.lock import locked
from onstage.tuning.bridge import Bridge
from onstage.tuning.config import Pruning
from onstage.tuning.crew import Crew
from onstage.tuning.fleet import Dispatch, Fleet
from onstage.tuning.objective import Objective
from onstage.tuning.plan import Plan
from onstage.tuning.result import BEST, SweepResult, conclude, write
from onstage.tuning.search import Elsewhere, Judge, Search
from onstage.tuning.space import Space, default
from onstage.tuning.storage import check_storage, opened_study
from onstage.tuning.worker import ALIVE, Job


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
    processes: int = 1,
    constant_liar: bool = True,
    storage: SecretStr | None = None,
    timeout_seconds: float | None = None,
    startup_trials: int = 8,
    progress: bool = True,
    looks: int | None = None,
    pruner: BasePruner | None = None,
    warm: ModelConfig | None = None,
    judge: Judge | None = None,
    dispatch: Dispatch | None = None,
) -> SweepResult:
    """Search the space of one algorithm for the largest value of the objective.

    The first trial is the default. One trial at a time, the same seed, space and data give the
    same trials, also across a ``kill -9`` and a resume. Several at a time, what the sampler has
    seen depends on which trial ended first.

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
        again to resume; more `trials` than before go on where it ended. Only one sweep at a
        time may use it.
    metric
        Name of what the objective returns, for the record.
    tracker
        Where the parent run and its children go; nowhere by default.
    experiment
        Name of the MLflow experiment.
    parent_run
        Run that the study's run is a child of.
    jobs, processes, constant_liar, timeout_seconds, startup_trials, pruning
        See :class:`onstage.tuning.config.SweepConfig`. For several processes the objective is
        sent to each of them, so it is defined in a module. A process that dies costs its trial,
        which is run again.
    storage
        Database of the study; by default the journal in `folder`.
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
    dispatch
        Sends trials to a cluster, `processes` at a time, instead of starting processes here. The
        folder is one that its machines share, and the objective travels.

    Raises
    ------
    ConfigError
        If the base or the space is another algorithm's, or the storage cannot take that many
        writers at once.
    StoreError
        If the folder cannot be written or is in use, or the storage does not answer.
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
        processes=processes,
        constant_liar=constant_liar,
        timeout_seconds=timeout_seconds,
        startup_trials=startup_trials,
        pruning=pruning or Pruning(),
        looks=looks,
        warm=warm,
    )
    check_storage(storage, max(jobs, processes))
    pruner = pruner or _pruner(plan.pruning)
    job = Job(uuid.uuid4().hex[:12], plan, folder, objective, pruner, judge, storage)
    with ExitStack() as stack:
        _occupy(folder, stack)
        study = stack.enter_context(opened_study(folder, plan, job.pruner, storage))
        if _KEY not in study.user_attrs:
            study.set_user_attr(_KEY, uuid.uuid4().hex)
        bridge = None
        if tracker is not None:
            key = str(study.user_attrs[_KEY])
            bridge = Bridge.open(tracker, experiment, plan, key, parent_run)
        try:
            return _run(job, study, bridge, dispatch, progress=progress)
        except BaseException as error:
            if bridge is not None:
                bridge.abandon(error)
            raise


def _run(
    job: Job,
    study: optuna.Study,
    bridge: Bridge | None,
    dispatch: Dispatch | None,
    *,
    progress: bool,
) -> SweepResult:
    search = Search(job.plan, study, job.objective, bridge, job.judge)
    search.recover()
    if bridge is not None:
        bridge.sync(study.get_trials(deepcopy=False))
    elsewhere: Elsewhere | None = None
    if dispatch is not None:
        elsewhere = Fleet(job, study, bridge, dispatch).run
    elif job.plan.processes > 1:
        elsewhere = Crew(job, study, bridge).run
    search.run(progress=progress, elsewhere=elsewhere)
    result = conclude(study, job.plan, None if bridge is None else bridge.run_id)
    write(result, job.plan, job.folder)
    if bridge is not None:
        bridge.close(result, {BEST: (job.folder / BEST).read_text()})
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
        with locked(folder / ALIVE):  # workers of a killed process are about to follow it
            pass
    except BlockingIOError as error:
        message = f"sweep folder {folder}: another process is at it; wait for it, or stop it"
        raise StoreError(message) from error
    except OSError as error:
        message = f"sweep folder {folder}: {error.strerror}; choose a writable one"
        raise StoreError(message) from error


def _pruner(pruning: Pruning) -> BasePruner:
    if not pruning.enabled:
        return NopPruner()
    return MedianPruner(
        n_startup_trials=pruning.after, n_warmup_steps=pruning.patience * pruning.interval + 1
    )
