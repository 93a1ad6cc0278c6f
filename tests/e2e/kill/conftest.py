"""One Prefect server for all the retrains that are killed, and one that nobody kills."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.kill.matrix import BOUNDARIES, before
from tests.e2e.kill.order import Order
from tests.e2e.servers import prefect_server


ROOT = Path(__file__).parents[3]
DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Ended:
    """How a retrain ended."""

    code: int
    said: str


@dataclass(frozen=True)
class Retrains:
    """Starts `onstage retrain` in processes of their own, one after the other.

    All have the same home folder, because MLflow keeps absolute paths.
    """

    driver: "subprocess.Popen[str]"
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    def run(self, order: Order | None = None) -> Ended:
        """One retrain, nothing in its way by default; what it passed is in ``trace``."""
        self.home.mkdir(exist_ok=True)
        log = self.folder / "log"
        told = replace(order or Order(), home=str(self.home), log=str(log), kept=str(self.kept))
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write(json.dumps(asdict(told)) + "\n")
        self.driver.stdin.flush()
        return Ended(int(self.driver.stdout.readline()), log.read_text())

    def restore(self, point: str) -> None:
        """Put the home back to the last boundary between two steps before `point`."""
        boundary = before(point)
        self.copy(None if boundary is None else self.kept / boundary)

    def copy(self, folder: Path | None) -> None:
        """Make the home a copy of `folder`; empty by default."""
        self.home.mkdir(exist_ok=True)
        for path in self.home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if folder is not None:
            shutil.copytree(folder, self.home, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def retrains(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrains]:
    server = tmp_path_factory.mktemp("kill-server")
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "MLFLOW_"))}
    environment |= {"PYTHONPATH": str(ROOT), "ONSTAGE_PROGRESS": "0", "DO_NOT_TRACK": "true"}
    with prefect_server(server, environment) as found:
        driver = subprocess.Popen(
            [sys.executable, str(DRIVER), str(config)],
            cwd=ROOT,
            env=found,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with driver:
            yield Retrains(driver, tmp_path_factory.mktemp("retrains"))


@pytest.fixture(scope="session")
def undisturbed(retrains: Retrains, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home folder of a retrain that nobody killed."""
    done = retrains.run(Order(keep=BOUNDARIES))
    assert done.code == 0, done.said[-3000:]
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(retrains.home, home)
    return home
