"""One Prefect server for all the retrains that are killed, and one that nobody kills."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.servers import prefect_server


ROOT = Path(__file__).parents[3]
DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Retrains:
    """Starts `onstage retrain` in processes of their own."""

    config: Path
    environment: dict[str, str]

    def run(
        self, home: Path, point: str = "-", seconds: float = 0.0
    ) -> subprocess.CompletedProcess[str]:
        """One retrain in `home`, killed at `point`; the moments it passed are in ``trace``."""
        home.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, str(DRIVER), str(self.config), str(home / "trace"), point]
        return subprocess.run(
            [*words, str(seconds)],
            check=False,
            cwd=ROOT,
            env={**self.environment, "ONSTAGE_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=600,
        )


@pytest.fixture(scope="session")
def retrains(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retrains]:
    home = tmp_path_factory.mktemp("kill-server")
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("PREFECT_", "MLFLOW_"))}
    environment |= {"PYTHONPATH": str(ROOT), "ONSTAGE_PROGRESS": "0", "DO_NOT_TRACK": "true"}
    with prefect_server(home, environment) as found:
        yield Retrains(config, found)


@pytest.fixture(scope="session")
def undisturbed(retrains: Retrains, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home folder of a retrain that nobody killed."""
    home = tmp_path_factory.mktemp("undisturbed")
    done = retrains.run(home)
    assert done.returncode == 0, done.stderr[-3000:]
    return home
