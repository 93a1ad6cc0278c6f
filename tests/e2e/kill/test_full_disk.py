"""A disk that fills up in a retrain: said in one line, nothing half, and on to the same bytes."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.kill.conftest import Retrains
from tests.e2e.kill.evidence import Evidence
from tests.e2e.kill.order import FILLER, Order


pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.filterwarnings("default")]


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
        "validate#1:begun",
        "sweep#1:begun",
        "backtest#1:begun",
        "refit#1:begun",
        "register#1:before",
        "promote#1:before",
        "cluster#1:begun",
        "recommend#1:begun",
    ],
)
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
