"""Start-up: seconds until ``onstage --help`` has ended, over those of an empty Python.

Run: ``python -m benchmarks.startup``. Every start is a process of its own; the first of each kind
compiles bytecode and does not count. Also checked: which heavy libraries a start imports (none).
"""

import os
import subprocess
import sys
import time
from typing import Final

from benchmarks.figure import Figure, arguments_of, tell


COMMANDS: Final = {
    "onstage --help": ["-m", "flows.cli", "--help"],
    "onstage retrain --help": ["-m", "flows.cli", "retrain", "--help"],
    "an empty Python": ["-c", ""],
}
HEAVY: Final = (
    "great_expectations",
    "implicit",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "plotly",
    "prefect",
    "sklearn",
    "surprise",
    "torch",
)


def main() -> None:
    parser = arguments_of(__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    wall: dict[str, list[float]] = {name: [] for name in COMMANDS}
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(asked.repeats + 1):
        for name, words in COMMANDS.items():
            began, before = time.perf_counter(), children()
            started(words)
            if number:  # the first compiles bytecode
                wall[name].append(time.perf_counter() - began)
                spent[name].append(children() - before)
    figures = [
        *(Figure(f"{name}, CPU", "s", tuple(spent[name]), target(name)) for name in COMMANDS),
        *(Figure(f"{name}, wall", "s", tuple(wall[name]), target(name)) for name in COMMANDS),
        Figure("heavy libraries that onstage --help imports", "", (len(heavy()),), at_most=0),
    ]
    tell("each start a process of its own", figures, asked.output)


def target(name: str) -> float | None:
    """Seconds wanted at most."""
    return 0.5 if name == "onstage --help" else None


def children() -> float:
    """Processor seconds of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def started(words: list[str]) -> None:
    """Run Python to its end."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def heavy() -> list[str]:
    """Which of :data:`HEAVY` a start imports."""
    probe = (
        f"import sys\nimport flows.cli\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True)
    return done.stdout.split()


if __name__ == "__main__":
    main()
