"""What the doctor finds: one line with value, rule and remedy, in a bounded time."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from onstage.errors import TrackingError
from onstage.pipeline.checkup import machine as machine_module
from onstage.pipeline.checkup import packages as packages_module
from onstage.pipeline.checkup.clocks import clock
from onstage.pipeline.checkup.databases import same_place
from onstage.pipeline.checkup.finding import Finding, looked
from onstage.pipeline.checkup.machine import machine
from onstage.pipeline.checkup.packages import packages
from onstage.settings import ENVIRONMENT, Settings


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def named(found: list[Finding], name: str) -> Finding:
    (one,) = [each for each in found if each.name == name]
    return one


def test_a_line_has_state_value_rule_and_remedy() -> None:
    line = Finding.failed("disk", "0.1 GB free", "at least 5 GB", "free space").line
    assert line == "failed   disk                0.1 GB free (at least 5 GB): free space"


def test_what_hangs_is_given_up_and_what_it_found_before_is_kept() -> None:
    held = threading.Event()

    def look() -> Iterator[Finding]:
        yield Finding.ok("server", "3.8.8")
        held.wait(30)

    began = time.monotonic()
    found = looked("server", look, seconds=0.2)
    held.set()
    assert time.monotonic() - began < 5
    assert [(one.state, one.value) for one in found] == [("ok", "3.8.8"), ("failed", "no answer")]


def test_one_of_our_errors_is_a_finding_and_a_fault_is_not_hidden() -> None:
    def refuse() -> list[Finding]:
        raise TrackingError("MLflow at http://x: start it")

    def fault() -> list[Finding]:
        raise KeyError("oops")

    (found,) = looked("mlflow", refuse)
    assert (found.state, found.value) == ("failed", "MLflow at http://x: start it")
    with pytest.raises(KeyError):
        looked("mlflow", fault)


def test_a_package_outside_its_range_has_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {one.state for one in packages()} == {"ok"}
    real = packages_module.version
    installed = {"fastapi": "0.165.0", "tqdm": "1.0"}
    monkeypatch.setattr(packages_module, "version", lambda name: installed.get(name) or real(name))
    found = packages()
    fastapi = named(found, "fastapi")
    assert (fastapi.state, fastapi.value) == ("failed", "0.165.0")
    assert "<0.151" in fastapi.rule
    assert named(found, "tqdm").remedy == packages_module.REMEDY


def test_a_full_disk_and_a_home_that_cannot_be_written_are_said(
    tmp_path: Path, quiet: pytest.MonkeyPatch
) -> None:
    for free, state in ((9e9, "ok"), (2e9, "warning"), (1e8, "failed")):
        usage = SimpleNamespace(free=free)
        quiet.setattr(machine_module.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert named(machine(Settings(home=tmp_path)), "disk").state == state
    (tmp_path / "file").write_text("")
    home = named(machine(Settings(home=tmp_path / "file" / "home")), "home")
    assert home.state == "failed"
    assert "ONSTAGE_HOME" in home.remedy


def test_settings_that_slow_or_tell_are_said(tmp_path: Path, quiet: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path)
    assert {one.state for one in machine(settings)} <= {"ok", "warning"}
    assert named(machine(settings), "telemetry").state == "ok"
    quiet.setenv("DO_NOT_TRACK", "1")  # MLflow takes only "true"
    assert named(machine(settings), "telemetry").value == "DO_NOT_TRACK=1"
    quiet.setenv("PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE", "20")
    assert named(machine(settings), "server batches").state == "warning"
    quiet.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert named(machine(settings), "threads").value == "OMP_WAIT_POLICY ACTIVE"
    quiet.setenv("OMP_NUM_THREADS", "9999")
    assert named(machine(settings), "threads").remedy == "lower OMP_NUM_THREADS or unset it"


@pytest.mark.parametrize(
    ("ahead", "state", "value"),
    [
        (0.4, "ok", "as ours"),
        (-5.0, "ok", "as ours"),
        (7.0, "warning", "7 s ahead of ours"),
        (-3600.0, "failed", "3600 s behind ours"),
    ],
)
def test_a_clock_that_is_off_is_said(ahead: float, state: str, value: str) -> None:
    (found,) = clock("mlflow", ahead)
    assert (found.name, found.state, found.value) == ("mlflow clock", state, value)


def test_one_database_under_two_urls_is_one_place() -> None:
    one = "postgresql+psycopg://a:x@db/runs"
    assert same_place(one, "postgresql://b:y@db/runs")
    assert not same_place(one, "postgresql+psycopg://a:x@db/studies")
    assert not same_place("a:x@db/runs", "a:x@db/runs")  # no URLs
