"""Damaged artefacts: each is recognised by its digest, said, and made again to the same bytes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.kill.conftest import Retrains
from tests.e2e.kill.evidence import Evidence
from tests.e2e.kill.matrix import STEPS


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def largest(artefact: Path) -> Path:
    return max(
        (path for path in artefact.rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "when"),
    [
        (flip, "refit#1:begun"),
        (flip, "at the end"),
        (cut, "at the end"),
        (Path.unlink, "at the end"),
    ],
    ids=["flipped, killed", "flipped, finished", "truncated, finished", "missing, finished"],
)
def test_a_damaged_artefact_of_any_step_is_said_and_made_again(
    damage: Callable[[Path], None], when: str, retrains: Retrains, undisturbed: Path
) -> None:
    if when == "at the end":
        retrains.copy(undisturbed)
    else:
        retrains.restore(when)
    (retrains.home / "trace").unlink()
    artefacts = sorted((retrains.home / "store").glob("*-*"))
    kinds = {one.name.rpartition("-")[0] for one in artefacts}
    later = set() if when == "at the end" else {"drift", "refit", "cluster", "recommend"}
    assert kinds == set(STEPS) - later
    for artefact in artefacts:
        damage(largest(artefact))
    again = retrains.run()
    assert again.code == 0, again.said[-3000:]
    for artefact in artefacts:
        assert f"artefact {artefact.name} is damaged: it is made again" in again.said
    Evidence.of(retrains.home).check(Evidence.of(undisturbed))
