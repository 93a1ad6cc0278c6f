"""MLflow's own database where it is a SQLite file."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker


pytestmark = pytest.mark.integration


def test_the_file_keeps_a_write_ahead_journal(tmp_path: Path) -> None:
    Tracker.open(MlflowSettings(), Settings(home=tmp_path))
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_is_not_kept_waiting_by_an_open_write(tmp_path: Path) -> None:
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path))
    run = tracker.start_run("open", "first")
    with closing(sqlite3.connect(tmp_path / "mlflow.db", timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE runs SET name = 'second'")
        assert tracker.get(run).name == "first"
        writer.rollback()


def test_a_file_that_is_no_database_is_one_line_and_stays_what_it_was(tmp_path: Path) -> None:
    content = b"somebody's notes, long enough to be taken for a header\n" * 9
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(TrackingError, match=r"mlflow\.db: file is not a database; restore it"):
        Tracker.open(MlflowSettings(), Settings(home=tmp_path))
    assert (tmp_path / "mlflow.db").read_bytes() == content


@pytest.mark.slow
def test_a_writer_that_holds_the_file_for_too_long_is_one_line_and_breaks_nothing(
    tmp_path: Path,
) -> None:
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path))
    run = tracker.start_run("locked", "first")
    with closing(sqlite3.connect(tmp_path / "mlflow.db", timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrackingError, match=r"locked; somebody wrote to it for over 20 s") as e:
            tracker.log(run, metrics={"value": 1.0})
        assert "\n" not in str(e.value)
    tracker.log(run, metrics={"value": 2.0})
    assert tracker.history(run, "value") == {0: 2.0}


def test_a_writer_that_is_done_in_time_is_waited_for(tmp_path: Path) -> None:
    tracker = Tracker.open(MlflowSettings(), Settings(home=tmp_path))
    run = tracker.start_run("busy", "first")
    writer = sqlite3.connect(tmp_path / "mlflow.db", timeout=0, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.5, writer.rollback)
    soon.start()
    tracker.log(run, metrics={"value": 1.0})
    soon.join()
    writer.close()
    assert tracker.history(run, "value") == {0: 1.0}
