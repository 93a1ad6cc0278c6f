"""Start-up: seconds until ``onstage --help`` has ended, over those of an empty Python.

Run: ``python -m benchmarks.startup``. Every start is a process of its own; the first of each kind
compiles bytecode and does not count. Also checked: which heavy libraries a start imports (none).
"""

import subprocess
import sys
import time
from typing import Final

from benchmarks.figure import Figure, arguments_of, tell
from benchmarks.turns import in_turns


COMMANDS: Final = {
    "onstage --help": ["-m", "flows.cli", "--help"],
    "onstage retrain --help": ["-m", "flows.cli", "retrain", "--help"],
    "onstage schema": ["-m", "flows.cli", "schema"],
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
    sides = {name: (lambda words=words: started(words)) for name, words in COMMANDS.items()}
    spent, _ = in_turns(sides, asked.repeats, clock=time.perf_counter)
    figures = [
        Figure(name, "s", tuple(taken), at_most=0.5 if name == "onstage --help" else None)
        for name, taken in spent.items()
    ]
    figures.append(Figure("heavy libraries that onstage --help imports", "", (len(heavy()),),
                          at_most=0))  # fmt: skip
    tell("each start a process of its own", figures, asked.output)


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
