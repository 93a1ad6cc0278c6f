"""Places of a study sent elsewhere: a process that dies costs its trial, whoever notices."""

import threading
from concurrent.futures import Future
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from onstage.errors import LostError, OnstageError, TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking import Tracker
from onstage.tuning.journal import JOURNAL
from onstage.tuning.worker import Job, fill
from tests.integration.parallel import Fatal, Peak, check, check_stopped, faulty, search


pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    return Tracker.open(MlflowSettings(), Settings(home=tmp_path_factory.mktemp("home")))


def here(job: Job, slot: int) -> Future[None]:
    """A thread of this process."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            future.set_result(fill(job, slot))
        except BaseException as error:  # noqa: BLE001
            future.set_exception(error)

    threading.Thread(target=run).start()
    return future


def apart(job: Job, slot: int) -> Future[None]:
    """A process for this place alone."""
    process = get_context("spawn").Process(target=fill, args=(job, slot))
    process.start()
    future: Future[None] = Future()
    threading.Thread(target=_await, args=(process, future)).start()
    return future


def _await(process: SpawnProcess, future: Future[None]) -> None:
    process.join()
    if process.exitcode:
        future.set_exception(LostError(f"exit code {process.exitcode}"))
    else:
        future.set_result(None)


def test_places_are_filled_elsewhere_one_child_a_trial(tmp_path: Path, tracker: Tracker) -> None:
    result = search(tmp_path, tracker, Peak(0), dispatch=here, processes=3)
    assert check(tracker, result, complete=8) == {"COMPLETE": 8}
    more = search(tmp_path, tracker, Peak(0), dispatch=here, processes=3, trials=10)
    assert check(tracker, more, complete=10) == {"COMPLETE": 10}
    assert more.run_id == result.run_id


def test_one_place_at_a_time_finds_what_is_found_here(tmp_path: Path) -> None:
    sent = search(tmp_path / "sent", None, Peak(0), dispatch=here, processes=1)
    kept = search(tmp_path / "kept", None, Peak(0), processes=1)
    columns = ["number", "state", "value", "params.kind", "params.half_life_days"]
    assert sent.trials[columns].equals(kept.trials[columns])
    best = [(tmp_path / one / "best.json").read_bytes() for one in ("sent", "kept")]
    assert best[0] == best[1]


@pytest.mark.slow
def test_a_process_that_dies_costs_its_trial_only(tmp_path: Path, tracker: Tracker) -> None:
    result = search(tmp_path, tracker, Fatal(tmp_path, times=1), dispatch=apart, trials=3)
    assert check(tracker, result, complete=3) == {"COMPLETE": 3, "INTERRUPTED": 1}


def test_a_process_that_dies_once_its_trial_is_over_costs_nothing(
    tmp_path: Path, tracker: Tracker
) -> None:
    """Place 2 of 8: the trial is in the study, the news of it never arrives."""
    sent: list[int] = []

    def late(job: Job, slot: int) -> Future[None]:
        sent.append(slot)
        if slot != 2:
            return here(job, slot)
        fill(job, slot)
        future: Future[None] = Future()
        future.set_exception(LostError("exit code -9"))
        return future

    result = search(tmp_path, tracker, Peak(0), dispatch=late)
    assert check(tracker, result, complete=8) == {"COMPLETE": 8}
    assert sorted(sent) == list(range(8))


def test_a_place_given_twice_is_filled_once(tmp_path: Path) -> None:
    """Dask gives a task whose worker died to another, without asking."""

    def twice(job: Job, slot: int) -> Future[None]:
        fill(job, slot)
        return here(job, slot)

    result = search(tmp_path, None, Peak(0), dispatch=twice, trials=4)
    assert result.trials["state"].tolist() == ["COMPLETE"] * 4


@pytest.mark.slow
def test_a_database_takes_the_trials_of_many_processes(
    tmp_path: Path, tracker: Tracker, postgres_url: str
) -> None:
    """PostgreSQL: one of them dies in the middle, and the journal is not there at all."""
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE fleet"))
    engine.dispose()
    storage = SecretStr(f"{postgres_url.rpartition('/')[0]}/fleet")
    fatal = Fatal(tmp_path, times=1)
    result = search(tmp_path, tracker, fatal, trials=4, dispatch=apart, storage=storage)
    assert check(tracker, result, complete=4) == {"COMPLETE": 4, "INTERRUPTED": 1}
    assert not (tmp_path / JOURNAL).exists()


def test_what_stops_a_trial_stops_the_sweep_and_leaves_nothing_running(
    tmp_path: Path, tracker: Tracker
) -> None:
    with pytest.raises(TypeError, match="a fault"):
        search(tmp_path, tracker, faulty, dispatch=here)
    check_stopped(tracker, tmp_path)


def test_a_cluster_that_takes_nothing_is_not_asked_for_ever(tmp_path: Path) -> None:
    asked: list[int] = []

    def lost(_: Job, slot: int) -> Future[None]:
        asked.append(slot)
        future: Future[None] = Future()
        future.set_exception(LostError("no memory"))
        return future

    said = "3 workers ended before they began, no memory; check the cluster"
    with pytest.raises(OnstageError, match=said):
        search(tmp_path, None, Peak(0), dispatch=lost, processes=1)
    assert asked == [0, 0, 0]


def test_a_tracking_server_that_goes_away_ends_the_sweep(tmp_path: Path, tracker: Tracker) -> None:
    class Gone(Tracker):
        def log(self, *_: object, **__: object) -> None:
            raise TrackingError("MLflow at http: is gone; start it")

    with pytest.raises(TrackingError, match="is gone"):
        search(tmp_path, Gone(tracker.client, tracker.endpoint), Peak(0), dispatch=here)
    result = search(tmp_path, tracker, Peak(0), dispatch=here)
    assert check(tracker, result, complete=8)["INTERRUPTED"] <= 2
