"""`kill -9` before, in the middle of and after every step: the rerun goes on, to the same bytes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.kill.conftest import Retrains
from tests.e2e.kill.evidence import Evidence


pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

STEPS = {
    "ingest": 1, "validate": 1, "sweep": 2, "backtest": 4, "leaderboard": 1, "refit": 2,
    "slices": 1, "cluster": 1, "recommend": 1,
}  # fmt: skip
"""Steps of the little platform's retrain, and how often each is made."""
CALLS = {
    "trial": 4, "record": 1, "record-child": 4, "register": 2, "register-uploaded": 2,
    "annotate": 2, "promote": 1, "audit": 2, "report": 1, "remember": 1,
}  # fmt: skip
"""What is done outside the store: trials, MLflow, the registry, the audit, the page."""
MOMENTS = ("begun", "middle", "written", "published")
POINTS = [
    *(f"{s}#{n + 1}:{m}" for s, count in STEPS.items() for n in range(count) for m in MOMENTS),
    *(f"{c}#{n + 1}:{m}" for c, times in CALLS.items() for n in range(times)
      for m in ("before", "after")),
]  # fmt: skip
FEW = ("sweep#2:middle", "register-uploaded#1:before", "promote#1:after")
"""Moments that the ordinary tests look at; ``make test-kill`` looks at all of them."""


def chosen() -> list[str]:
    return POINTS if os.environ.get("ONSTAGE_KILL") == "all" else list(FEW)


def passed(home: Path) -> dict[str, float]:
    lines = (line.split() for line in (home / "trace").read_text().splitlines())
    return {moment: float(seconds) for moment, seconds in lines}


def test_the_matrix_has_every_moment_of_a_retrain(undisturbed: Path) -> None:
    seen = set(passed(undisturbed))
    known = {point for point in POINTS if not point.endswith(":middle")}
    assert (sorted(seen - known), sorted(known - seen)) == ([], [])


@pytest.mark.parametrize("point", chosen())
def test_a_killed_retrain_goes_on_to_the_same_end(
    point: str, retrains: Retrains, undisturbed: Path, tmp_path: Path, table: list[str]
) -> None:
    whole = passed(undisturbed)
    middle = whole.get(point.replace(":middle", ":written"), 0.0) / 2
    killed = retrains.run(tmp_path / "home", point, middle)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    before = set(passed(tmp_path / "home"))
    (tmp_path / "home" / "trace").unlink()
    again = retrains.run(tmp_path / "home")
    assert again.returncode == 0, again.stderr[-3000:]
    finished = {moment for moment in before if moment.endswith(":published")}
    redone = {moment for moment in passed(tmp_path / "home") if moment.endswith(":published")}
    expected, found = Evidence.of(undisturbed), Evidence.of(tmp_path / "home")
    assert len(redone) + len(finished) == sum(STEPS.values()), "a finished step was made again"
    assert found.artefacts == expected.artefacts
    assert found.lists == expected.lists
    assert (found.drafts, found.running) == (0, 0)
    assert found.trials == expected.trials
    assert found.runs == expected.runs
    assert found.versions == expected.versions
    assert found.aliases == expected.aliases
    assert found.audit == expected.audit
    table.append(f"| `{point}` | {len(finished)} | {len(redone)} | same |")


HEAD = """# Killed at every moment

Made by `make test-kill`: a retrain of a small simulated platform is killed by SIGKILL at each of
its moments, and started again. `begun`, `middle`, `written` and `published` are moments of a step;
`before` and `after` those of a call (a trial, MLflow, the registry, the audit, the page).

"same": the artefacts' contents, the recommendations byte for byte, the trials, MLflow's runs (none
RUNNING, none twice), the registered versions, the aliases and the champion's moves in the audit are
those of a retrain that nobody killed, and no finished step was made again.

| killed at | steps finished before | made by the rerun | outcome |
| :-- | --: | --: | :-- |
"""


@pytest.fixture(scope="session")
def table() -> Iterator[list[str]]:
    """Rows of docs/kill-matrix.md, written when asked for and the whole matrix was run."""
    rows: list[str] = []
    yield rows
    target = os.environ.get("ONSTAGE_KILL_TABLE")
    if target and len(rows) == len(POINTS):
        Path(target).write_text(HEAD + "\n".join(rows) + "\n")
