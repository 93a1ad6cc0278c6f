"""Cheap trials over several processes on one PostgreSQL: how fast, and how many lock errors.

    python -m benchmarks.sweep_postgres --processes 8 --trials 640

The server is started for this, waits for its disk, and is thrown away. A trial does nothing: what
is measured is Optuna's traffic. The short form is 4 processes and 40 trials.
"""

import argparse
import re
import shutil
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from flows.stack.postgres import Postgres
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--trials", type=int, default=40)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onstage-pg-"))
    postgres = Postgres(folder)
    try:
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
        states = result.trials["state"].value_counts().to_dict()
        locks = LOCKS.findall((folder / "log").read_text())
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{asked.trials} trials, {asked.processes} processes: {seconds:.1f} s, {states}")
    print(f"{len(locks)} lock errors in the server's log")


if __name__ == "__main__":
    main()
