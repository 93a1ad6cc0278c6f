"""A full disk and damaged artefacts: said in one line, nothing half, and on to the same bytes."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.kill.conftest import Retrains
from tests.e2e.kill.evidence import Evidence
from tests.e2e.kill.matrix import STEPS
from tests.e2e.kill.order import FILLER, Order


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def largest(artefact: Path) -> Path:
    return max(
        (path for path in artefact.rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink])
def test_a_damaged_artefact_of_any_step_is_said_and_made_again(
    damage: Callable[[Path], None], retrains: Retrains, undisturbed: Path
) -> None:
    retrains.restore("refit#1:begun")
    (retrains.home / "trace").unlink()
    artefacts = sorted((retrains.home / "store").glob("*-*"))
    kinds = {one.name.rpartition("-")[0] for one in artefacts}
    assert kinds == set(STEPS) - {"refit", "cluster", "recommend"}
    for artefact in artefacts:
        damage(largest(artefact))
    again = retrains.run()
    assert again.code == 0, again.said[-3000:]
    for artefact in artefacts:
        assert f"artefact {artefact.name} is damaged: it is made again" in again.said
    Evidence.of(retrains.home).check(Evidence.of(undisturbed))


@pytest.fixture
def small_disk(retrains: Retrains) -> Iterator[None]:
    """The home on a disk of its own."""
    retrains.copy(None)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("no command `mount` here: a full disk cannot be made")
    words = [mount, "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(retrains.home)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run([umount, "--lazy", str(retrains.home)], check=True)


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize(
    "moment",
    [
        "validate#1:begun", "sweep#2:begun", "trial#4:before", "backtest#2:begun",
        "record-child#2:before", "refit#1:begun", "register#1:before",
        "register-uploaded#1:before", "promote#1:before", "cluster#1:begun", "recommend#1:begun",
    ],
)  # fmt: skip
def test_a_disk_that_fills_up_leaves_nothing_half_and_a_rerun_goes_on(
    moment: str, retrains: Retrains, undisturbed: Path
) -> None:
    retrains.restore(moment)
    full = retrains.run(Order(full=moment))
    assert full.code not in {0, -9}, "the disk was not full enough"
    last = full.said.strip().splitlines()[-1]
    assert "space" in last.lower() or "full" in last.lower(), full.said[-3000:]
    assert not list((retrains.home / "store").glob(".draft-*"))
    (retrains.home / FILLER).unlink()
    (retrains.home / "trace").unlink()
    again = retrains.run()
    assert again.code == 0, again.said[-3000:]
    Evidence.of(retrains.home).check(Evidence.of(undisturbed))
