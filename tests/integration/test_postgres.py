"""A PostgreSQL server of our own: what it keeps, who may come in, how it ends."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text

from flows.stack.postgres import Postgres, binaries
from onstage.errors import OrchestrationError


pytestmark = pytest.mark.integration

SECRET = "hunter2%/@ '"  # noqa: S105  # invented, and awkward


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user can reach, with a long name."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    with TemporaryDirectory(prefix="onstage-pg-") as made:
        Path(made).chmod(0o755)
        yield Path(made) / ("long-" * 20)


def names(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    finally:
        engine.dispose()


def test_a_second_start_finds_the_databases_and_asks_for_the_same_password(folder: Path) -> None:
    server = Postgres(folder, password=SECRET, durable=False)
    server.start()
    try:
        server.create(["runs", "studies"])
        server.create(["runs", "studies"])
        assert {"runs", "studies"} <= names(server.url())
    finally:
        server.stop()
    again = Postgres(folder, password=SECRET, durable=False)
    again.start()
    try:
        assert {"runs", "studies"} <= names(again.url())
    finally:
        again.stop()
    assert not any(
        SECRET in path.read_text(errors="replace") for path in folder.glob("*") if path.is_file()
    )
    other = Postgres(folder, password="another", durable=False)  # noqa: S106
    with pytest.raises(OrchestrationError, match="made with another POSTGRES_PASSWORD") as caught:
        other.start()
    assert "another'" not in str(caught.value)
    other.stop()


def test_postgresql_is_told_nothing_secret_and_an_end_by_itself_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", "another's")
    server = Postgres(folder, password=SECRET, durable=False)
    assert not server.running
    server.start()
    try:
        assert server.running
        assert server._process is not None
        told = Path(f"/proc/{server._process.pid}/environ").read_bytes()
        assert b"PATH=" in told
        assert b"another's" not in told
    finally:
        server.stop(crash=True)
    assert not server.running


def test_a_machine_without_postgresql_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.stack.postgres.binaries", lambda: None)
    with pytest.raises(OrchestrationError, match="package postgresql, or name its folder in PGBIN"):
        Postgres(tmp_path)
