"""What raw sources hold: missing cells, unused columns, dropped rows, what becomes of the rest."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.survey import Survey, survey
from onstage.errors import SourceError
from onstage.exploring.missing import missing
from onstage.exploring.refinement import refinement


LOG = """personId,contentId,timestamp,eventType,userAgent,note
1,10,1465413032,VIEW,,
1,10,1465413032,VIEW,Mozilla,
2,11,1465413033,LIKE,,
2,10,,VIEW,Mozilla,
"""
ARTICLES = """contentId,title,eventType
10,Fargo,CONTENT SHARED
11,,CONTENT SHARED
12,Heat,CONTENT REMOVED
"""
SOURCE: dict[str, Any] = {
    "path": "log.csv",
    "columns": {
        "user_id": "personId",
        "item_id": "contentId",
        "timestamp": "timestamp",
        "event": "eventType",
    },
    "time": {"unit": "s"},
    "events": {"VIEW": 1, "LIKE": 2},
    "duplicates": "drop",
}


@pytest.fixture
def config(tmp_path: Path) -> DataConfig:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "articles.csv").write_text(ARTICLES)
    items = {
        "path": "articles.csv",
        "columns": {"item_id": "contentId", "title": "title"},
        "only": {"eventType": ["CONTENT SHARED"]},
    }
    raw = {"folder": str(tmp_path), "interactions": SOURCE, "items": items}
    return DataConfig.model_validate(raw)


@pytest.fixture
def found(config: DataConfig, tmp_path: Path) -> Survey:
    return survey(config, Clock(), tmp_path)


def test_missing_cells_are_counted_in_every_column_used_or_not(found: Survey) -> None:
    table = found.table("interactions")
    assert table is not None
    assert {c.name: (c.use, c.missing) for c in table.columns} == {
        "personId": ("user_id", 0),
        "contentId": ("item_id", 0),
        "timestamp": ("timestamp", 1),
        "eventType": ("event", 0),
        "userAgent": ("", 2),
        "note": ("", 4),
    }
    text = missing(table).sentence
    assert text.startswith("3 of 6 columns have missing values, most of all note (100.0 %)")
    assert "No value at all: note." in text
    assert "Not used: userAgent and note." in text


def test_removed_content_is_counted_as_dropped(found: Survey) -> None:
    table = found.table("items")
    assert table is not None
    assert (table.rows, table.kept) == (3, 2)
    assert table.dropped == {"eventType = CONTENT REMOVED": 1}
    assert "1 row (33.3 %) is dropped: eventType = CONTENT REMOVED (1)." in missing(table).sentence


def test_the_way_of_the_rows_is_told_step_by_step(found: Survey, config: DataConfig) -> None:
    table = found.table("interactions")
    assert table is not None
    assert table.events == {"VIEW": 3, "LIKE": 1}
    part = refinement(table, config.interactions, 3, 2, {"missing_time": 1})
    assert part.stages == {
        "read": 4,
        "event types with a strength": 4,
        "copies dropped": 3,
        "accepted by validation": 2,
    }
    assert part.sentence == (
        "4 rows were read and 2 are accepted (50.0 %); copies dropped: 1 fewer; "
        "accepted by validation: 1 fewer."
    )
    untouched = refinement(table, config.interactions, 4, 4, {})
    assert untouched.sentence == "4 rows were read and 4 are accepted: none is lost."


def test_several_files_with_several_names_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "a_log.csv").write_text("viewer,item,at\n1,2,2024-01-01T00:00:00Z\n")
    (tmp_path / "b_log.csv").write_text("user,item,at\n1,,NA\n2,,2024-01-01T00:00:00Z\n")
    source = {
        "path": "*_log.csv",
        "columns": {"user_id": ["viewer", "user"], "item_id": "item", "timestamp": "at"},
        "missing": ["NA"],
    }
    config = DataConfig.model_validate({"folder": str(tmp_path), "interactions": source})
    table = survey(config, Clock(), tmp_path).table("interactions")
    assert table is not None
    assert table.files == ("a_log.csv", "b_log.csv")
    assert {c.name: (c.use, c.rows, c.missing) for c in table.columns} == {
        "viewer": ("user_id", 1, 0),
        "item": ("item_id", 3, 2),
        "at": ("timestamp", 3, 1),
        "user": ("user_id", 2, 0),
    }


def test_a_broken_file_is_named_with_its_line(config: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG + "1,2\n")
    with pytest.raises(SourceError, match=r"log\.csv: line 6"):
        survey(config, Clock(), tmp_path)


def test_a_query_counts_what_it_fetches_and_names_the_rest(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "log.db") as database:
        database.execute("CREATE TABLE log (viewer, item, at, agent)")
        rows = [(1, 2, "2024-01-01T00:00:00Z", None), (1, None, "2024-01-02T00:00:00Z", "x")]
        database.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", rows)
    database.close()
    source = {
        "url": f"sqlite:///{tmp_path / 'log.db'}",
        "query": "SELECT * FROM log ORDER BY at",
        "columns": {"user_id": "viewer", "item_id": "item", "timestamp": "at"},
    }
    config = DataConfig.model_validate({"interactions": source})
    table = survey(config, Clock(), tmp_path).table("interactions")
    assert table is not None
    assert {c.name: c.missing for c in table.columns} == {
        "viewer": 0,
        "item": 1,
        "at": 0,
        "agent": None,
    }
    assert "Not used: agent." in missing(table).sentence


@pytest.mark.realdata
def test_deskdrop_has_the_missing_shares_of_its_notebook(data: Path, tmp_path: Path) -> None:
    config = DataConfig(preset="deskdrop", folder=str(data / "deskdrop"))
    table = survey(config, Clock(), tmp_path).table("interactions")
    assert table is not None
    assert table.rows == 72_312
    share = {c.name: 100 * (c.missing or 0) / c.rows for c in table.columns}
    assert share["userAgent"] == pytest.approx(21.288306, abs=1e-6)
    assert share["userRegion"] == pytest.approx(21.303518, abs=1e-6)
    assert share["userCountry"] == pytest.approx(21.288306, abs=1e-6)
    assert table.events["COMMENT CREATED"] == 1_611
