"""Several processes on one study: one child a trial, exactly as many as asked, whoever dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import optuna
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from onstage.errors import ConfigError, OnstageError, StoreError, TrackingError
from onstage.models.memory import MemoryConfig
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tuning.journal import JOURNAL, open_journal
from onstage.tuning.worker import BROKE, _confess
from tests.integration.parallel import (
    Fatal,
    Peak,
    check,
    check_stopped,
    faulty,
    processes_of,
    search,
)


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tracker(home: Path) -> Tracker:
    return Tracker.open(MlflowSettings(), Settings(home=home))


def test_two_processes_fill_a_study_and_one_that_dies_costs_its_trial_only(
    tmp_path: Path, tracker: Tracker
) -> None:
    result = search(tmp_path, tracker, Fatal(tmp_path, times=1))
    assert check(tracker, result, complete=8) == {"COMPLETE": 8, "INTERRUPTED": 1}
    tried = result.trials.set_index("number")[["params.kind", "params.half_life_days", "state"]]
    *parameters, state = tried.loc[0]
    assert state == "INTERRUPTED"  # the default comes first
    alike = tried[(tried[["params.kind", "params.half_life_days"]] == parameters).all(axis=1)]
    assert alike["state"].tolist() == ["INTERRUPTED", "COMPLETE"]
    assert os.getpid() not in processes_of(tracker, result)


def test_two_threads_fill_a_study_too(tmp_path: Path, tracker: Tracker) -> None:
    result = search(tmp_path, tracker, Peak(0), processes=1, jobs=2)
    assert check(tracker, result, complete=8) == {"COMPLETE": 8}


@pytest.mark.slow
def test_what_stops_a_worker_stops_the_sweep_and_leaves_nothing_running(
    tmp_path: Path, tracker: Tracker
) -> None:
    with pytest.raises(TypeError, match="a fault"):
        search(tmp_path, tracker, faulty)
    check_stopped(tracker, tmp_path)


class Locked(Tracker):
    """A tracking database that is locked once the second trial has ended."""

    ended = 0

    def finish(self, run_id: str, status: Any = "FINISHED", error: str | None = None) -> None:
        self.ended += 1
        if self.ended == 2:
            raise TrackingError("MLflow at sqlite: database is locked; start it")
        super().finish(run_id, status, error)


def test_an_error_that_cannot_travel_is_told_in_its_words() -> None:
    mine, theirs = Pipe()
    nameless = type("Nameless", (), {})()  # a class that no module holds
    _confess(TypeError("a fault", nameless), theirs.send)
    kind, error = mine.recv()
    assert kind == BROKE
    assert str(error).startswith("TypeError: ('a fault', <")


@pytest.mark.slow
def test_a_locked_tracking_database_is_said_and_the_sweep_goes_on_later(
    tmp_path: Path, tracker: Tracker
) -> None:
    locked = Locked(tracker.client, tracker.endpoint)
    with pytest.raises(TrackingError, match="database is locked"):
        search(tmp_path, locked, Peak())
    result = search(tmp_path, tracker, Peak())
    states = check(tracker, result, complete=8)
    assert states["INTERRUPTED"] <= 2  # those that were being fitted


@pytest.mark.slow
def test_a_trial_that_kills_every_process_is_given_up_after_three(
    tmp_path: Path, tracker: Tracker
) -> None:
    result = search(tmp_path, tracker, Fatal(tmp_path, times=99), trials=4)
    assert check(tracker, result, complete=3) == {"COMPLETE": 3, "INTERRUPTED": 2, "FAILED": 1}
    (said,) = result.trials["error"].dropna()
    assert said == "3 processes ended in it, exit code -9"


def test_an_objective_that_cannot_travel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"processes 2: the objective cannot travel .* use jobs"):
        search(tmp_path, None, lambda _, watch: Peak()(MemoryConfig(), watch))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///studies.db", r"2 trials at once, but SQLite has one writer .* give PostgreSQL"),
        ("redis://:hunter2@host/0", r"redis://\*\*\*@host/0': no database; write postgresql"),
    ],
)
@pytest.mark.parametrize("more", [{"processes": 2}, {"processes": 1, "jobs": 2}])
def test_a_storage_that_cannot_take_many_writers_is_refused_in_one_line(
    tmp_path: Path, url: str, said: str, more: Mapping[str, int]
) -> None:
    with pytest.raises(ConfigError, match=f"ONSTAGE_OPTUNA_STORAGE .*{said}") as caught:
        search(tmp_path, None, Peak(), storage=SecretStr(url), **more)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_studies_that_does_not_answer_is_one_line_without_its_password(
    tmp_path: Path,
) -> None:
    url = "postgresql+psycopg://me:hunter2@127.0.0.1:9/studies"
    with pytest.raises(StoreError, match=r"studies at postgresql\+psycopg://\*\*\*@127") as caught:
        search(tmp_path, None, Peak(), storage=SecretStr(url))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.slow
def test_workers_that_end_before_they_begin_are_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onstage.tuning.crew.work", _stillborn)
    with pytest.raises(OnstageError, match="3 worker processes ended before they began, exit code"):
        search(tmp_path, None, Peak())


def _stillborn(*_: object) -> None:
    os._exit(7)


def test_what_a_killed_writer_left_of_a_line_does_not_break_the_journal(tmp_path: Path) -> None:
    study = optuna.create_study(storage=open_journal(tmp_path), study_name="cut")
    study.set_user_attr("before", 1)
    with (tmp_path / JOURNAL).open("ab") as stream:
        stream.write(b'{"op_code":2,"worker' + b"x" * 9000)  # longer than a block
    study.set_user_attr("after", 2)
    found = optuna.load_study(study_name="cut", storage=open_journal(tmp_path))
    assert found.user_attrs == {"before": 1, "after": 2}


MAIN = """
import sys
from pathlib import Path
from onstage.models.memory import MemoryConfig
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from tests.integration.parallel import Peak, search
if __name__ == "__main__":
    tracker = Tracker.open(MlflowSettings(), Settings(home=Path(sys.argv[1])))
    search(Path(sys.argv[2]), tracker, Peak(0.5), trials=12)
"""


def finished(folder: Path) -> int:
    try:
        return (folder / JOURNAL).read_text().count('"state":1')
    except FileNotFoundError:
        return 0


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_sweep_and_the_rerun_ends_it(
    tmp_path: Path, home: Path, tracker: Tracker
) -> None:
    script = tmp_path / "main.py"
    script.write_text(MAIN)
    folder = tmp_path / "study"
    command = [sys.executable, str(script), str(home), str(folder)]
    main = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    end = time.monotonic() + 120
    while finished(folder) < 3:
        assert main.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(main.pid, signal.SIGKILL)
    main.wait()
    done = finished(folder)
    result = search(folder, tracker, Peak(), trials=12)
    states = check(tracker, result, complete=12)
    assert states["INTERRUPTED"] <= 2
    assert done >= 3


@pytest.mark.slow
def test_fifty_trials_over_four_processes_are_fifty_children_in_a_file(
    tmp_path: Path, tracker: Tracker
) -> None:
    result = search(tmp_path, tracker, Peak(), trials=50, processes=4)
    assert check(tracker, result, complete=50) == {"COMPLETE": 50}
    assert len(processes_of(tracker, result)) == 4


@pytest.mark.slow
def test_fifty_trials_over_four_processes_are_fifty_children_on_real_servers(
    tmp_path: Path, postgres_url: str, server: str
) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE studies"))
    engine.dispose()
    storage = SecretStr(f"{postgres_url.rpartition('/')[0]}/studies")
    tracker = Tracker.open(MlflowSettings(tracking_uri=server), Settings(home=tmp_path))
    fatal = Fatal(tmp_path, times=1)
    result = search(tmp_path, tracker, fatal, trials=50, processes=4, storage=storage)
    assert check(tracker, result, complete=50) == {"COMPLETE": 50, "INTERRUPTED": 1}
    assert not (tmp_path / JOURNAL).exists()
    again = search(tmp_path, tracker, fatal, trials=50, processes=4, storage=storage)
    assert check(tracker, again, complete=50)["INTERRUPTED"] == 1
    assert again.run_id == result.run_id
