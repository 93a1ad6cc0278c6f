"""Queries of a real SQLite file and a real PostgreSQL server become the same tables."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest, input_digest
from onstage.data.tables import read_table
from onstage.errors import ConfigError, SourceError


pytestmark = pytest.mark.integration

SECRET = "hunter2%/@"  # noqa: S105  # invented, and awkward inside a URL
ROWS = 120_001
"""More than two chunks."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """URL with ${…} of a database with a table of watches; the password is in the environment."""
    if request.param == "sqlite":
        monkeypatch.setenv("WATCH_DB", str(tmp_path / "watch.db"))
        plain, url = f"sqlite:///{tmp_path / 'watch.db'}", "sqlite:///${WATCH_DB}"
    else:
        plain = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("WATCH_PASSWORD", SECRET)
        url = plain.replace("onstage@", "onstage:${WATCH_PASSWORD}@")
    engine = sa.create_engine(plain)
    time = "REAL" if request.param == "sqlite" else "double precision"
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS watch")
        connection.exec_driver_sql(
            f"CREATE TABLE watch (id integer, person bigint, show text, at {time}, note text)"
        )
        connection.exec_driver_sql(
            "INSERT INTO watch WITH RECURSIVE n(i) AS "  # noqa: S608  # a constant
            f"(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS - 1}) "
            "SELECT i, -8845298781299428018 + i % 5, 's' || (i % 3), 1465413032 + i / 4.0, "
            "CASE WHEN i % 2 = 0 THEN 'it''s 50% :off' END FROM n",
            execution_options={"no_parameters": True},
        )
    engine.dispose()
    yield url
    engine = sa.create_engine(plain)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE watch")
    engine.dispose()


def _row(i: int) -> dict[str, Any]:
    person = -8845298781299428018 + i % 5
    note = None if i % 2 else "it's 50% :off"
    return {"id": i, "person": person, "show": f"s{i % 3}", "at": 1465413032 + i / 4, "note": note}


def config_of(url: str, query: str, **more: Any) -> DataConfig:
    columns = {"user_id": "person", "item_id": "show", "timestamp": "at"}
    section = {"url": url, "query": query, "columns": columns, "time": {"unit": "s"}, **more}
    return DataConfig.model_validate({"interactions": section})


def read(config: DataConfig, folder: Path) -> pd.DataFrame:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    ingest(config, Clock(), out)
    table = read_table(out, "interactions")
    assert table is not None
    return table


def test_a_query_gives_exact_ids_and_its_own_order(
    database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    query = "SELECT * FROM watch WHERE note = 'it''s 50% :off' ORDER BY id DESC"
    config = config_of(database, query, attributes={"note": "text"})
    table = read(config, tmp_path)
    kept = [_row(i) for i in reversed(range(ROWS)) if i % 2 == 0]
    assert table["user_id"].tolist() == [row["person"] for row in kept]
    assert table["item_id"].tolist() == [row["show"] for row in kept]
    assert table["timestamp"].iloc[-2] == pd.Timestamp("2016-06-08T19:10:32.5Z")  # 2 / 4 s
    assert set(table["note"]) == {"it's 50% :off"}
    for written in (caplog.text, config.model_dump_json(), repr(config)):
        assert SECRET not in written


def test_the_digest_of_a_query_changes_with_its_rows_only(database: str, tmp_path: Path) -> None:
    first = config_of(database, "SELECT * FROM watch WHERE id < 10 ORDER BY id")
    before = input_digest(first)
    assert list(before) == ["interactions/query"]
    assert input_digest(first) == before
    assert input_digest(config_of(database, "SELECT * FROM watch WHERE id < 9")) != before
    url = sa.make_url(database.replace(":${WATCH_PASSWORD}", ""))
    if url.get_backend_name() == "sqlite":
        url = sa.make_url(f"sqlite:///{tmp_path / 'watch.db'}")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE watch SET note = 'new' WHERE id = 5")
    engine.dispose()
    assert input_digest(first) != before


def test_a_wrong_value_in_a_query_names_its_row(database: str, tmp_path: Path) -> None:
    query = "SELECT person, show, CASE WHEN id = 70000 THEN 'late' ELSE '7' END AS at FROM watch"
    with pytest.raises(SourceError, match="query of interactions: row 70001: at is 'late'"):
        read(config_of(database, f"{query} ORDER BY id"), tmp_path)


def test_a_broken_query_is_one_line_without_the_password(database: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"interactions: database .*nowhere") as caught:
        read(config_of(database, "SELECT * FROM nowhere"), tmp_path)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    with pytest.raises(SourceError, match=r"no column 'show' .*did you mean 'shw'"):
        read(config_of(database, "SELECT person, show AS shw, at FROM watch"), tmp_path)
    with pytest.raises(SourceError, match="no rows"):
        read(config_of(database, "SELECT * FROM watch WHERE id < 0"), tmp_path)


def test_timestamps_of_postgresql_are_taken_as_they_are(postgres_url: str, tmp_path: Path) -> None:
    query = (
        "SELECT 1::bigint AS person, 'a'::text AS show, "
        "timestamptz '2021-05-01 12:00:00.000001+08' AS at, timestamp '2021-05-01 12:00' AS naive, "
        "2.0::float AS big"
    )
    table = read(config_of(postgres_url, query), tmp_path)
    assert table["timestamp"][0] == pd.Timestamp("2021-05-01T04:00:00.000001Z")
    columns = {"user_id": "big", "item_id": "show", "timestamp": "naive"}
    zoned = config_of(postgres_url, query, columns=columns, time={"zone": "Asia/Manila"})
    table = read(zoned, tmp_path)
    assert table["timestamp"][0] == pd.Timestamp("2021-05-01T04:00:00Z")
    assert table["user_id"].tolist() == [2]


def test_an_unreachable_database_is_an_error_with_the_password_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCH_PASSWORD", SECRET)
    url = "postgresql+psycopg://me:${WATCH_PASSWORD}@127.0.0.1:1/none"
    for use in (lambda c: read(c, tmp_path), input_digest):
        with pytest.raises(SourceError, match=r"me:\*\*\*@127.0.0.1:1/none") as caught:
            use(config_of(url, "SELECT 1"))
        assert SECRET not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_missing_sqlite_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    with pytest.raises(SourceError, match=r"no such file; check data\.interactions\.url"):
        read(config_of(f"sqlite:///{path}", "SELECT 1"), tmp_path)
    assert not path.exists()


@pytest.mark.parametrize("url", ["nonsense", "nosuchdatabase://host/x", "oracle+nope://h/x"])
def test_a_url_that_cannot_be_opened_is_a_configuration_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no URL that SQLAlchemy can open"):
        read(config_of(url, "SELECT 1"), tmp_path)
