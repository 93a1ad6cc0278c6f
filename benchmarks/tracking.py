"""What a trial costs in MLflow: our bridge against bare client calls, on a fresh SQLite file.

Run: ``python -m benchmarks.tracking``. Every way logs the same trial: 10 parameters, 10 metrics,
4 iterations, its parent and its end. Ratios are of medians over rounds that take turns.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import optuna
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from optuna.trial import FrozenTrial, TrialState, create_trial

from benchmarks.figure import Figure, arguments_of, ratio, tell
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tuning.bridge import Bridge
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.plan import Plan
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep
from onstage.tuning.trials import OUTCOME


PARAMS = {f"p{i}": i / 7 for i in range(10)}
METRICS = {f"metric_{i}_at_10": i / 3 for i in range(10)}
LOOKS = {5: 0.1, 10: 0.2, 15: 0.3, 20: 0.4}
SPACE = make_space(MemoryConfig(), {"half_life_days": {"type": "float", "low": 0.1, "high": 30.0}})


def trial(number: int) -> FrozenTrial:
    made = create_trial(
        value=0.4,
        params=PARAMS,
        distributions={n: optuna.distributions.FloatDistribution(0, 9) for n in PARAMS},
        user_attrs={
            OUTCOME: {"metrics": METRICS, "fit_seconds": 1.0, "evaluate_seconds": 0.5},
        },
        intermediate_values=LOOKS,
        state=TrialState.COMPLETE,
    )
    made.number = number
    return made


def one_call_each(client: MlflowClient, experiment: str, parent: str) -> None:
    run = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    for name, value in PARAMS.items():
        client.log_param(run, name, value)
    for name, value in METRICS.items():
        client.log_metric(run, name, value)
    for step, value in LOOKS.items():
        client.log_metric(run, "value_at_iteration", value, step=step)
    client.set_tag(run, "state", "COMPLETE")
    client.set_terminated(run)


def one_batch(client: MlflowClient, experiment: str, parent: str) -> None:
    run = client.create_run(experiment, tags={"mlflow.parentRunId": parent}).info.run_id
    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in METRICS.items()]
    metrics += [Metric("value_at_iteration", v, now, step) for step, v in LOOKS.items()]
    params = [Param(name, str(value)) for name, value in PARAMS.items()]
    client.log_batch(run, metrics, params, [RunTag("state", "COMPLETE")])
    client.set_terminated(run)


def trivial(config: ModelConfig, watch: Watch) -> Outcome:  # noqa: ARG001  # costs nothing
    return Outcome(0.5, METRICS)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def per_trial(home: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each trial in MLflow, three ways."""
    tracker = Tracker.open(MlflowSettings(), Settings(home=home))
    plan = Plan(MemoryConfig(), SPACE, "ndcg_at_10", rounds, 0)
    bridge = Bridge.open(tracker, "bench", plan, "bench", None)
    client, experiment = tracker.client, tracker.experiment("bench")

    def ours(number: int) -> None:
        bridge.started(trial(number))
        bridge.ended(trial(number))

    ways: dict[str, Callable[[int], None]] = {
        "one call each": lambda _: one_call_each(client, experiment, bridge.run_id),
        "one batch": lambda _: one_batch(client, experiment, bridge.run_id),
        "our bridge": ours,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 2):
        for name, way in ways.items():
            taken[name].append(1000 * seconds(partial(way, number)))
    return {name: times[2:] for name, times in taken.items()}  # two warm up


def whole_sweep(home: Path, trials: int) -> dict[str, list[float]]:
    """Milliseconds per trial of a sweep whose objective costs nothing, three times."""
    tracker = Tracker.open(MlflowSettings(), Settings(home=home))
    taken: dict[str, list[float]] = {"journal only": [], "journal and MLflow": []}
    for number in range(3):
        for (name, times), shown in zip(taken.items(), (None, tracker), strict=True):
            run = partial(
                sweep,
                "memory",
                None,
                SPACE,
                trivial,
                trials=trials,
                seed=number,
                folder=home / name / str(number),
                metric="ndcg_at_10",
                tracker=shown,
                experiment="bench",
                progress=False,
            )
            times.append(1000 * seconds(run) / trials)
    return taken


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--rounds", type=int, default=23)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        ways = per_trial(Path(home), asked.rounds)
        sweeps = whole_sweep(Path(home), asked.rounds)
    figures = [
        ratio("a trial: our bridge over one batch", ways["our bridge"], ways["one batch"]),
        ratio("a trial: one call each over our bridge", ways["one call each"],
              ways["our bridge"]),
        *(Figure(f"a trial in MLflow, {name}", "ms", tuple(t)) for name, t in ways.items()),
        *(Figure(f"a trial that costs nothing, {name}", "ms", tuple(t))
          for name, t in sweeps.items()),
    ]  # fmt: skip
    tell("10 parameters, 10 metrics, 4 iterations a trial; a fresh SQLite", figures, asked.output)


if __name__ == "__main__":
    main()
