"""`kill -9` before, in the middle of and after every step: the rerun goes on, to the same bytes."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.kill.conftest import Retrains
from tests.e2e.kill.evidence import Evidence
from tests.e2e.kill.matrix import FEW, POINTS, STEPS
from tests.e2e.kill.order import Order
from tests.e2e.kill.rows import ROOT, Rows, digest_of_code


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]


def chosen() -> tuple[str, ...]:
    return POINTS if os.environ.get("ONSTAGE_KILL") == "all" else FEW


@pytest.fixture(scope="module")
def rows() -> Rows | None:
    """Rows of docs/kill-matrix.md, where the table is asked for."""
    table = os.environ.get("ONSTAGE_KILL_TABLE")
    if not table:
        return None
    return Rows(ROOT / table, ROOT / "var" / "kill-matrix.json", digest_of_code())


def passed(home: Path) -> dict[str, float]:
    if not (home / "trace").exists():  # it ended at once: there was nothing new
        return {}
    lines = (line.split() for line in (home / "trace").read_text().splitlines())
    return {moment: float(seconds) for moment, seconds in lines}


def published(home: Path) -> int:
    return sum(moment.endswith(":published") for moment in passed(home))


def test_the_matrix_has_every_moment_of_a_retrain(undisturbed: Path) -> None:
    seen = set(passed(undisturbed))
    known = {point for point in POINTS if not point.endswith(":middle")}
    assert (sorted(seen - known), sorted(known - seen)) == ([], [])


@pytest.mark.parametrize("point", chosen())
def test_a_killed_retrain_goes_on_to_the_same_end(
    point: str, retrains: Retrains, undisturbed: Path, rows: Rows | None
) -> None:
    if rows is not None and point in rows.known():
        pytest.skip("an earlier run of the same code had this moment")
    middle = passed(undisturbed).get(point.replace(":middle", ":written"), 0.0) / 2
    retrains.restore(point)
    killed = retrains.run(Order(point=point, seconds=middle))
    assert killed.code == -signal.SIGKILL, killed.said[-3000:]
    finished = published(retrains.home)
    (retrains.home / "trace").unlink()
    again = retrains.run()
    assert again.code == 0, again.said[-3000:]
    redone = published(retrains.home)
    assert redone + finished == sum(STEPS.values()), "a finished step was made again"
    Evidence.of(retrains.home).check(Evidence.of(undisturbed))
    if rows is not None:
        rows.add(point, f"| `{point}` | {finished} | {redone} | same |")
