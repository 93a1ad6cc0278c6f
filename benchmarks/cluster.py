"""What a second worker of a local cluster is worth: the same sweep on one worker and on two.

Run: ``python -m benchmarks.cluster [dask]``. A simulated platform; the same trials of ALS, one
thread a fit, so that one worker keeps one core busy. Rounds take turns and ratios are of medians.
The cluster's start, with a first trial a worker that reads the log, is timed apart.
"""

import tempfile
import time
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import yaml

from benchmarks.figure import Figure, arguments_of, ratio, tell
from flows.running import orchestrated
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate
from onstage.data.store import Reference
from onstage.models.als import AlsConfig
from onstage.pipeline.stored import StoredObjective
from onstage.pipeline.workspace import Workspace
from onstage.tuning.config import Pruning
from onstage.tuning.space import make_space


NEEDS = {"dask": "prefect_dask", "ray": "prefect_ray"}
ROUNDS = 3
TRIALS = 12
SPACE = make_space(
    AlsConfig(factors=96, iterations=15),
    {"regularization": {"type": "float", "low": 0.01, "high": 1.0, "log": True}},
)
CONFIG = {
    "name": "bench-cluster",
    "protocols": [{"kind": "live", "track": "B", "part_steps": 1000}],
    "models": {"popularity": {"algorithm": "popularity"}},
    "sweep": {"algorithms": {"als": {}}},
}


def prepared(folder: Path, kind: str) -> Path:
    """A configuration and the raw log it names."""
    raw = folder / "raw"
    raw.mkdir()
    simulate(SimulationConfig(shape="kumu", users=6000, streamers=1200, days=40, seed=1), raw)
    path = folder / "bench.yaml"
    data = {"preset": "kumu", "folder": str(raw)}
    path.write_text(yaml.safe_dump({**CONFIG, "data": data, "runner": kind}))
    return path


def timed(workspace: Workspace, log: Reference, workers: int, folder: Path) -> tuple[float, float]:
    """Seconds until every worker had a trial, and seconds of the sweep."""
    from onstage.tuning.study import sweep
    from tasks.spreading import Cluster

    runner = workspace.config.runner.model_copy(update={"workers": workers})
    one = replace(workspace, config=workspace.config.model_copy(update={"runner": runner}))
    stored = replace(StoredObjective.of(one.travelling(), log), threads=1)
    took = []
    with closing(Cluster(one)) as cluster:
        for part, trials in (("start", workers), ("sweep", TRIALS)):
            began = time.perf_counter()
            sweep(
                "als", AlsConfig(factors=96, iterations=15), SPACE, stored,
                trials=trials, seed=0, folder=folder / f"{part}-{workers}-{began}",
                metric="ndcg_at_10", pruning=Pruning(enabled=False), processes=workers,
                startup_trials=TRIALS, progress=False, dispatch=cluster.dispatch,
            )  # fmt: skip
            took.append(time.perf_counter() - began)
    return took[0], took[1]


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("kind", nargs="?", default="dask", choices=("dask", "ray"))
    arguments = parser.parse_args()
    kind = arguments.kind
    if find_spec(NEEDS[kind]) is None:
        tell(f"needs the extra onstage[{kind}]: left out", [], arguments.output)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = prepared(folder, kind)
        with orchestrated(config):
            from prefect import flow

            from flows.parts import accepted

            workspace = Workspace.open(config)
            workspace = replace(
                workspace, settings=workspace.settings.model_copy(update={"home": folder / "home"})
            )

            @flow(name="bench-cluster")
            def bench() -> dict[int, list[tuple[float, float]]]:
                log = accepted(workspace)
                found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
                for turn in range(ROUNDS):
                    for workers in (1, 2) if turn % 2 == 0 else (2, 1):
                        found[workers].append(timed(workspace, log, workers, folder))
                return found

            found = bench()
    starts, sweeps = (
        {n: [one[part] for one in times] for n, times in found.items()} for part in (0, 1)
    )
    figures = [ratio("a sweep on one worker over on two", sweeps[1], sweeps[2])]
    for workers in found:
        figures += [
            Figure(f"{workers} workers: {TRIALS} trials", "s", tuple(sweeps[workers])),
            Figure(f"{workers} workers: start", "s", tuple(starts[workers])),
        ]
    tell(f"a sweep of ALS on a local {kind} cluster", figures, arguments.output)


if __name__ == "__main__":
    main()
