"""Never two at once for one data set: the second is refused, or waits as long as it is told."""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from onstage.errors import ConfigError
from onstage.pipeline.workspace import Workspace
from onstage.settings import Settings


pytestmark = pytest.mark.integration

CONFIG = """
name: shared
data:
  interactions:
    path: log.csv
    columns: {user_id: user_id, item_id: item_id, timestamp: timestamp}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    path = tmp_path / "shared.yaml"
    path.write_text(CONFIG)
    return replace(Workspace.open(path), settings=Settings(home=tmp_path / "home"))


def patient(workspace: Workspace, seconds: float) -> Workspace:
    settings = workspace.settings.model_copy(update={"wait_seconds": seconds})
    return replace(workspace, settings=settings)


def test_the_second_is_refused_at_once_and_told_who_is_at_work(workspace: Workspace) -> None:
    with (
        workspace.alone("retrain"),
        pytest.raises(ConfigError, match=r"sweep shared: process \d+ is at work on this data set;"),
        workspace.alone("sweep"),
    ):
        pytest.fail("two at once")


def test_a_patient_second_comes_after_the_first(workspace: Workspace) -> None:
    order: list[str] = []
    holds = threading.Event()

    def first() -> None:
        with workspace.alone("nightly"):
            holds.set()
            time.sleep(0.5)
            order.append("first")

    running = threading.Thread(target=first)
    running.start()
    holds.wait()
    with patient(workspace, 30).alone("on-demand"):
        order.append("second")
    running.join()
    assert order == ["first", "second"]


def test_patience_ends_with_the_same_clear_line(workspace: Workspace) -> None:
    with (
        workspace.alone("nightly"),
        pytest.raises(ConfigError, match=r"after 0\.2 s; .*ONSTAGE_WAIT_SECONDS"),
        patient(workspace, 0.2).alone("on-demand"),
    ):
        pytest.fail("two at once")


def test_a_failed_holder_lets_go(workspace: Workspace) -> None:
    with suppress(RuntimeError), workspace.alone("nightly"):
        raise RuntimeError
    with workspace.alone("on-demand"):
        pass


def test_other_data_sets_are_not_in_the_way(workspace: Workspace) -> None:
    other = replace(workspace, config=workspace.config.model_copy(update={"name": "other"}))
    with workspace.alone("retrain"), other.alone("retrain"):
        pass
