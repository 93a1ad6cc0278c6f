"""A small simulated platform, a temporary Prefect server, and an empty home folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from onstage.pipeline.outcome import Outcome
from onstage.settings import ENVIRONMENT


CONFIG = {
    "name": "little",
    "seeds": 2,
    "clock": {"kind": "utc"},
    "protocols": [{"kind": "live", "track": "B", "part_steps": 300}],
    "models": {
        "popularity": {"algorithm": "popularity"},
        "memory": {"algorithm": "memory", "kind": "count"},
    },
    "sweep": {"trials": 2, "algorithms": {"item_knn": {}, "als": {"space": {"factors": None}}}},
    "clusters": {"k_max": 4},
    "recommend": {"k": 5},
}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """ONSTAGE_HOME of the whole session, and telemetry off."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setenv("ONSTAGE_HOME", str(folder))
        patch.setenv("ONSTAGE_PROGRESS", "0")
        patch.setenv("PREFECT_HOME", str(folder / "prefect"))
        yield folder


@pytest.fixture(scope="session")
def prefect(home: Path) -> Iterator[None]:
    """A temporary Prefect server with a database of its own."""
    from prefect.testing.utilities import prefect_test_harness

    assert os.environ["ONSTAGE_HOME"] == str(home)
    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files of 300 viewers over 21 days, in the shape of Kumu."""
    from onstage.data.simulate.config import SimulationConfig
    from onstage.data.simulate.writer import simulate

    folder = tmp_path_factory.mktemp("platform")
    simulate(SimulationConfig(shape="kumu", users=300, streamers=60, days=21, seed=1), folder)
    return folder


@pytest.fixture(scope="session")
def config(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of that platform."""
    path = tmp_path_factory.mktemp("configs") / "little.yaml"
    data = {"preset": "kumu", "folder": str(platform)}
    path.write_text(yaml.safe_dump({**CONFIG, "data": data}, sort_keys=False))
    return path


@pytest.fixture(scope="session")
def first(config: Path, prefect: None, home: Path) -> Outcome:
    """The first retrain of that platform."""
    from flows.retrain import retrain

    return retrain(str(config))
