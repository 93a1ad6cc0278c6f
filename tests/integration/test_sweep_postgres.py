"""Many processes on one PostgreSQL, also while it is started again: nothing lost, no lock."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from flows.stack.postgres import Postgres
from onstage.errors import StoreError
from onstage.tuning.result import SweepResult
from tests.integration.parallel import Peak, search


pytestmark = [pytest.mark.integration, pytest.mark.slow]

LOCKS = re.compile(r"deadlock|could not (obtain|serialize)|lock timeout|too many (clients|conn)")


@pytest.fixture
def storage(postgres: Postgres, request: pytest.FixtureRequest) -> SecretStr:
    """An empty database of studies."""
    name = f"sweep_{abs(hash(request.node.name)) % 10**8}"
    postgres.create([name])
    return SecretStr(postgres.url(name))


def said_since(postgres: Postgres) -> Callable[[], str]:
    """What the server has logged since now."""
    log = postgres.folder / "log"
    before = log.stat().st_size
    return lambda: log.read_bytes()[before:].decode(errors="replace")


def count(storage: SecretStr) -> dict[str, int]:
    engine = create_engine(storage.get_secret_value())
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT state, count(*) FROM trials GROUP BY state"))
        found = {str(state): int(number) for state, number in rows}
    engine.dispose()
    return found


def completed(storage: SecretStr) -> int:
    try:
        return count(storage).get("COMPLETE", 0)
    except SQLAlchemyError:  # no table yet
        return 0


def test_eight_processes_end_forty_trials_without_a_lock_error(
    tmp_path: Path, postgres: Postgres, storage: SecretStr
) -> None:
    said = said_since(postgres)
    result = search(tmp_path, None, Peak(0), trials=40, processes=8, storage=storage)
    assert result.trials["state"].value_counts().to_dict() == {"COMPLETE": 40}
    assert count(storage) == {"COMPLETE": 40}
    assert LOCKS.findall(said()) == []


@pytest.mark.filterwarnings("default")  # connections that the database cut off
@pytest.mark.parametrize("crash", [False, True])
def test_a_database_started_again_under_a_sweep_loses_no_trial(
    tmp_path: Path, postgres: Postgres, storage: SecretStr, crash: bool
) -> None:
    def again() -> None:
        end = time.monotonic() + 60
        while completed(storage) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        postgres.stop(crash=crash)
        time.sleep(1)
        postgres.start()

    def sweep() -> SweepResult:
        return search(tmp_path, None, Peak(0.2), trials=24, processes=2, storage=storage)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        result = sweep()
    except StoreError as error:
        assert re.fullmatch(r"studies at .*: trials that were over are kept", str(error))  # noqa: PT017
        thread.join()
        assert completed(storage) >= 3
        result = sweep()
    thread.join()
    states = result.trials["state"].value_counts().to_dict()
    assert states["COMPLETE"] == 24
    assert set(states) <= {"COMPLETE", "INTERRUPTED"}
