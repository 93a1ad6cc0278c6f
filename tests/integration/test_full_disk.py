"""A disk that is really full: one clear line, nothing half-written, and on it goes afterwards."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from onstage.data.store import Store, step_key
from onstage.errors import StoreError, TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker


pytestmark = pytest.mark.integration

MEBIBYTE = 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("no command `mount` here: a full disk cannot be made")
    words = [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([umount, "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"0" * 4096)
        except OSError:
            return filler


def log_much(tracker: Tracker, run: str) -> None:
    """More than the little room that a database has left in its files."""
    for step in range(200):
        tracker.log(run, metrics={f"m{i}": 1.0 for i in range(200)}, step=step)


def big(folder: Path) -> Mapping[str, int]:
    (folder / "part").write_bytes(b"1" * MEBIBYTE)
    return {"bytes": MEBIBYTE}


def test_a_step_on_a_full_disk_publishes_nothing_and_works_once_there_is_room(disk: Path) -> None:
    store = Store(disk / "store")
    kept = store.make("small", step_key("small", "1", {}, None), lambda _: {})
    filler = fill(disk)
    key = step_key("big", "1", {}, None)
    with pytest.raises(StoreError, match=r"No space left on device while writing step big"):
        store.make("big", key, big)
    assert [path.name for path in store.root.iterdir()] == [kept.name]
    assert store.find("small", kept.key) is not None
    filler.unlink()
    assert store.make("big", key, big).counts["bytes"] == MEBIBYTE


def test_mlflow_on_a_full_disk_is_one_line_and_what_was_logged_stays(
    disk: Path, tmp_path: Path
) -> None:
    tracker = Tracker.open(MlflowSettings(), Settings(home=disk))
    run = tracker.start_run("full", "first", params={"seed": 0})
    tracker.log(run, metrics={"before": 1.0})
    (tmp_path / "artifact").write_bytes(b"1" * MEBIBYTE)
    filler = fill(disk)
    with pytest.raises(TrackingError, match="the space on its disk") as caught:
        log_much(tracker, run)
    assert "\n" not in str(caught.value)
    with pytest.raises(TrackingError, match="the space on its disk"):
        tracker.log_artifact(run, tmp_path / "artifact")
    filler.unlink()
    tracker.log(run, metrics={"after": 2.0})
    tracker.log_artifact(run, tmp_path / "artifact")
    tracker.finish(run)
    found = tracker.get(run)
    assert (found.status, found.metrics["before"], found.metrics["after"]) == ("FINISHED", 1.0, 2.0)
