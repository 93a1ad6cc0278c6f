"""The pipeline's overhead: all of a retrain but fitting and evaluating, and what a second costs.

Run: ``python -m benchmarks.pipeline [CONFIG …]`` (``--trials N``). Each configuration is retrained
from an empty home: the first time, again on unchanged input (nothing is new, so it ends at once),
and through all steps (``--again``). Without a configuration the log of a small simulated platform
is used. The first retrain also makes the databases of Prefect and MLflow.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figure import Figure, arguments_of, tell
from onstage.data.simulate.config import SimulationConfig
from onstage.data.simulate.writer import simulate


ROOT = Path(__file__).parents[1]
SIMULATED = "simulated"


def main() -> None:
    asked = parsed()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="onstage-bench-") as name:
        configs = asked.configs or [simulated(Path(name), asked)]
        for config in configs:
            home = Path(name) / f"home-{config.stem}"
            figures += measured(config, asked.trials, home)
    tell(f"retrains of {', '.join(one.name for one in configs)}", figures, asked.output)


def measured(config: Path, trials: int | None, home: Path) -> Iterator[Figure]:
    """The first retrain and the later ones."""
    first = retrain(config, trials, home=home)
    times = first["times"]
    whole = times["process_seconds"]
    name = config.stem
    yield Figure(f"{name}: the first retrain", "s", (whole,))
    for part in ("fit", "evaluate", "other"):
        word = "everything else" if part == "other" else f"{part}, all models and trials"
        yield Figure(f"{name}: {word}", "s", (times[f"{part}_seconds"],))
    other = whole - times["fit_seconds"] - times["evaluate_seconds"]
    most = None if name == SIMULATED else 25.0  # a small log is all start-up
    yield Figure(f"{name}: all but fitting and evaluating", "%", (100 * other / whole,), most)
    later = (("a second retrain", (), 10.0), ("through all steps", ("--again",), None))
    for word, more, most in later:
        again = retrain(config, trials, *more, home=home)["times"]
        yield Figure(f"{name}: {word}", "s", (again["process_seconds"],))
        share = 100 * again["process_seconds"] / whole
        yield Figure(f"{name}: {word}, of the first", "%", (share,), most)


def retrain(
    config: Path | str, trials: int | None, *more: str, home: Path | None = None
) -> dict[str, Any]:
    """What ``onstage retrain --json`` says, and the seconds of its process."""
    words = [sys.executable, "-m", "flows.cli", "retrain", str(config), "--json", *more]
    words += [] if trials is None else ["--trials", str(trials)]
    given = {} if home is None else {"ONSTAGE_HOME": str(home), "PREFECT_HOME": str(home / "p")}
    environment = {**os.environ, "ONSTAGE_PROGRESS": "0", **given}
    began = time.perf_counter()
    made = subprocess.run(
        words, cwd=ROOT, capture_output=True, env=environment, text=True, check=False
    )
    if made.returncode:
        message = f"retrain {config} ended with {made.returncode}: {made.stderr[-2000:]}"
        raise RuntimeError(message)
    value: dict[str, Any] = json.loads(made.stdout)
    value["times"]["process_seconds"] = round(time.perf_counter() - began, 1)
    return value


def simulated(folder: Path, asked: argparse.Namespace) -> Path:
    """The demo's configuration on a log of its own size."""
    raw = folder / "raw"
    made = SimulationConfig(shape="twitch", users=asked.users, days=asked.days)
    simulate(made, raw)
    config = yaml.safe_load((ROOT / "configs" / "demo.yaml").read_text())
    config["data"]["folder"] = str(raw)
    path = folder / f"{SIMULATED}.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def parsed() -> argparse.Namespace:
    parser = arguments_of(__doc__)
    parser.add_argument("configs", nargs="*", type=Path)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--users", type=int, default=2_000, help="of the simulated platform")
    parser.add_argument("--days", type=int, default=42)
    return parser.parse_args()


if __name__ == "__main__":
    main()
