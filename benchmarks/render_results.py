"""Make ``docs/results.md`` from the results that retrains wrote.

Run: ``python -m benchmarks.render_results RESULT.json … > docs/results.md``. Each file is one data
set (:mod:`onstage.reporting.results_file`); nothing is measured here.
"""

import argparse
from pathlib import Path

from onstage.reporting.results import render_results
from onstage.reporting.results_file import read_result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="one JSON file per data set")
    parser.add_argument("--command", default="make results", help="what the page says made it")
    chosen = parser.parse_args()
    page = render_results([read_result(path) for path in chosen.results], command=chosen.command)
    print(page, end="")


if __name__ == "__main__":
    main()
