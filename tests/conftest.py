"""Where the real data are, and why a test that needs them is skipped."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from onstage.settings import be_quiet


be_quiet()  # before anything imports Prefect or MLflow

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ONSTAGE_DATA", ROOT / "../shared/data")).resolve()


settings.register_profile(  # a busy machine is no failure
    "onstage", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("onstage")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if DATA.is_dir():
        return
    reason = f"no real data at ONSTAGE_DATA={DATA}: see README, 'Real data'"
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data; use it only in tests marked `realdata`."""
    return DATA


@pytest.fixture
def no_prefect_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No server is set, whichever one the tests before have left running for those that follow."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield
