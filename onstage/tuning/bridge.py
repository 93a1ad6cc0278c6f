"""A study in MLflow: one parent run, one child per trial, never two."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, Final, Self

from optuna.trial import FrozenTrial

from onstage.columns import Columns
from onstage.errors import TrackingError
from onstage.tracking import Tracker
from onstage.tracking.runs import RunRecord, Status, status_of
from onstage.tuning.plan import Plan
from onstage.tuning.result import SweepResult
from onstage.tuning.trials import ERROR, INTERRUPTED, SAME, config_of, outcome_of, state_of


TRIAL: Final = "onstage.trial"
"""Tag with a child's trial number."""
STATE: Final = "onstage.state"
"""Tag with how a trial ended (:func:`onstage.tuning.trials.state_of`)."""
SAME_AS: Final = "onstage.same_as"
"""Tag with the number of the trial whose result this one shares: the same configuration."""
KIND: Final = "onstage.kind"
"""Tag: ``sweep`` or ``trial``."""

_STATUS: Final[Mapping[str, Status]] = {
    "COMPLETE": "FINISHED",
    "PRUNED": "FINISHED",
    "FAILED": "FAILED",
    INTERRUPTED: "KILLED",
}


class Bridge:
    """Mirror of a study. The study is the truth: whatever is missing here is made up for.

    Parameters
    ----------
    tracker
        Where to.
    experiment
        Name of the experiment.
    plan
        The sweep.
    run_id
        The parent run.
    """

    def __init__(self, tracker: Tracker, experiment: str, plan: Plan, run_id: str) -> None:
        self.tracker = tracker
        self.experiment = experiment
        self.plan = plan
        self.run_id = run_id
        self._children: dict[int, RunRecord | str] = {}
        self._lock = Lock()

    @classmethod
    def open(
        cls, tracker: Tracker, experiment: str, plan: Plan, key: str, parent: str | None
    ) -> Self:
        """Start the parent run, or take up the one that an interrupted process left.

        Parameters
        ----------
        key
            The study's own key: a resumed study finds its run by it.
        parent
            Run above the parent run, e.g. a retrain's.
        """
        run_id = tracker.start_run(
            experiment,
            f"sweep-{plan.algorithm}",
            parent=parent,
            key=key,
            tags={KIND: "sweep", "onstage.algorithm": plan.algorithm, "onstage.study": plan.study},
            params={
                "algorithm": plan.algorithm,
                "metric": plan.metric,
                "seed": plan.seed,
                "startup_trials": plan.startup_trials,
                "pruning": plan.pruning.enabled,
                "space": {
                    name: one.model_dump_json(exclude_defaults=True)
                    for name, one in plan.space.parameters.items()
                },
            },
        )
        return cls(tracker, experiment, plan, run_id)

    def sync(self, trials: list[FrozenTrial]) -> None:
        """Make the children agree with `trials`, which an earlier process ran.

        A second child of a trial is deleted: a server that answered too late was asked again.
        """
        children: dict[int, RunRecord | str] = {}
        for run in self.tracker.children(self.run_id):
            if TRIAL in run.tags and children.setdefault(int(run.tags[TRIAL]), run) is not run:
                self.tracker.delete(run.run_id)
        self._children = children
        for trial in trials:
            if trial.state.is_finished() and not self._shows(trial):
                self.ended(trial)

    def _shows(self, trial: FrozenTrial) -> bool:
        """Whether a trial's child says how it ended.

        One that was left RUNNING may have been marked KILLED meanwhile, though its trial was over.
        """
        child = self._children.get(trial.number)
        return isinstance(child, RunRecord) and child.status == _STATUS[state_of(trial)]

    def started(self, trial: FrozenTrial) -> None:
        """Show a trial as running."""
        self._child(trial)

    def ended(self, trial: FrozenTrial) -> None:
        """Log what came of a trial, and end its run."""
        run_id = self._child(trial)
        child = self._children[trial.number]
        if isinstance(child, RunRecord):  # an earlier process left it
            self.tracker.clear_error(child)
        state = state_of(trial)
        self.tracker.log(
            run_id,
            metrics=_metrics(trial, self.plan.metric),
            series={"value_at_iteration": trial.intermediate_values, **_series(trial)},
            tags={STATE: state, SAME_AS: trial.user_attrs.get(SAME)},
        )
        self.tracker.finish(run_id, _STATUS[state], trial.user_attrs.get(ERROR))

    def _child(self, trial: FrozenTrial) -> str:
        known = self._children.get(trial.number)
        if known is not None:
            return known if isinstance(known, str) else known.run_id
        config = config_of(trial)
        run_id = self.tracker.start_run(
            self.experiment,
            f"{self.plan.algorithm}-{trial.number:03d}",
            parent=self.run_id,
            tags={KIND: "trial", TRIAL: trial.number, "onstage.study": self.plan.study},
            params=trial.params if config is None else config.model_dump(mode="json"),
        )
        with self._lock:
            self._children[trial.number] = run_id
        return run_id

    def close(self, result: SweepResult, files: Mapping[str, str]) -> None:
        """Log the result on the parent run, and end it.

        Parameters
        ----------
        files
            Artifact name to text.
        """
        states = result.trials["state"].value_counts()
        metrics: dict[str, float] = {
            "best_value": result.best_value,
            "fit_seconds": result.fit_seconds,
            "evaluate_seconds": result.evaluate_seconds,
            **{f"trials_{str(state).lower()}": float(n) for state, n in states.items()},
        }
        logged = self.tracker.get(self.run_id).metrics
        done = self.tracker.history(self.run_id, "best_so_far")
        self.tracker.log(
            self.run_id,
            metrics={name: v for name, v in metrics.items() if logged.get(name) != v},
            series={"best_so_far": _best_so_far(result, done)},
            tags={
                "onstage.trials": self.plan.trials,
                **{f"best.{n}": v for n, v in result.best_config.model_dump(mode="json").items()},
            },
        )
        self.tracker.log_table(self.run_id, result.trials, "trials.csv")
        for name, text in files.items():
            self.tracker.log_text(self.run_id, text, name)
        self.tracker.finish(self.run_id)

    def abandon(self, error: BaseException) -> None:
        """End the parent run after `error`; what cannot be logged any more is let go."""
        with suppress(TrackingError):  # the first error is the one to show
            self.tracker.finish(
                self.run_id, status_of(error), error=f"{type(error).__name__}: {error}"
            )


def _metrics(trial: FrozenTrial, metric: str) -> dict[str, float]:
    outcome: Mapping[str, Any] = outcome_of(trial)
    metrics = {f"validation_{name}": value for name, value in outcome.get("metrics", {}).items()}
    for name in ("fit_seconds", "evaluate_seconds"):
        if name in outcome:
            metrics[name] = outcome[name]
    if trial.value is not None:
        metrics[Columns.VALUE] = trial.value
        if state_of(trial) == "COMPLETE":
            metrics[f"validation_{metric}"] = trial.value
    return metrics


def _series(trial: FrozenTrial) -> dict[str, dict[int, float]]:
    """What the model measured by epoch; a journal keeps its numbers as text."""
    found: Mapping[str, Mapping[str, float]] = outcome_of(trial).get("series", {})
    return {f"training_{n}": {int(k): v for k, v in line.items()} for n, line in found.items()}


def _best_so_far(result: SweepResult, done: Mapping[int, float]) -> dict[int, float]:
    complete = result.trials[result.trials["state"] == "COMPLETE"]
    line = dict(zip(complete["number"], complete[Columns.VALUE].cummax(), strict=True))
    return {int(number): float(v) for number, v in line.items() if number not in done}
