"""Cheap trials over several processes on one PostgreSQL: how fast, and how many lock errors.

Run: ``python -m benchmarks.sweep_postgres --processes 8 --trials 640``. The server is started for
this, waits for its disk, and is thrown away; without PostgreSQL's programs it is left out. A trial
does nothing: what is measured is Optuna's traffic.
"""

import re
import shutil
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from benchmarks.figure import Figure, arguments_of, tell
from flows.stack.postgres import INSTALL, Postgres, binaries
from onstage.models.catalog import ModelConfig
from onstage.models.memory import MemoryConfig
from onstage.tuning.objective import Outcome, Watch
from onstage.tuning.space import make_space
from onstage.tuning.study import sweep


LOCKS = re.compile(
    r"deadlock|could not (?:obtain|serialize)|lock timeout|too many (?:clients|conn)"
)
SPACE = make_space(
    MemoryConfig(), {"half_life_days": {"type": "float", "low": 0.1, "high": 30.0, "log": True}}
)


def objective(config: ModelConfig, _: Watch) -> Outcome:
    return Outcome(-abs(float(config.model_dump()["half_life_days"]) - 5))


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--trials", type=int, default=40)
    asked = parser.parse_args()
    if binaries() is None:
        tell(f"no PostgreSQL here: left out; {INSTALL}", [], asked.output)
        return
    folder = Path(tempfile.mkdtemp(prefix="onstage-pg-"))
    postgres = Postgres(folder)
    try:
        postgres.start()
        postgres.create(["studies"])
        with tempfile.TemporaryDirectory() as study:
            began = time.perf_counter()
            result = sweep(
                "memory", None, SPACE, objective,
                trials=asked.trials, seed=0, folder=Path(study), metric="ndcg_at_10", tracker=None,
                processes=asked.processes, progress=False,
                storage=SecretStr(postgres.url("studies")),
            )  # fmt: skip
            seconds = time.perf_counter() - began
        failed = int((result.trials["state"] != "COMPLETE").sum())
        locks = LOCKS.findall((folder / "log").read_text())
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    figures = [
        Figure("a trial that costs nothing, on PostgreSQL", "ms", (1000 * seconds / asked.trials,)),
        Figure("trials that did not complete", "", (failed,), at_most=0),
        Figure("lock errors in the server's log", "", (len(locks),), at_most=0),
    ]
    tell(f"{asked.trials} trials, {asked.processes} processes", figures, asked.output)


if __name__ == "__main__":
    main()
