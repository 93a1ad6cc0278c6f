"""A source that is not what the configuration says gives one error: value, rule, remedy."""

import gzip
import re
from pathlib import Path

import duckdb
import pytest

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.engine import translated
from onstage.data.sources.ingest import ingest, input_digest
from onstage.errors import ConfigError, OnstageError, SourceError


COLUMNS = {"user_id": "user", "item_id": "item", "timestamp": "at"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def log_of(path: Path | str | list[str], **more: object) -> DataConfig:
    section = {
        "path": path if isinstance(path, list) else str(path),
        "columns": COLUMNS,
        "time": {"unit": "s"},
        **more,
    }
    return DataConfig.model_validate({"interactions": section})


def fails(config: DataConfig, out: Path, *parts: str, clock: Clock | None = None) -> str:
    """The message has every part, is one line, and nothing is left in the folder."""
    with pytest.raises(OnstageError) as caught:
        ingest(config, clock or Clock(), out)
    message = str(caught.value)
    for part in parts:
        assert part in message
    assert "\n" not in message
    assert list(out.iterdir()) == []
    return message


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path, out: Path) -> None:
    config = log_of(tmp_path / "no.csv")
    fails(config, out, "no.csv does not exist", "data.interactions.path", "ONSTAGE_DATA")
    with pytest.raises(SourceError, match="does not exist"):
        input_digest(config)


def test_a_glob_that_matches_nothing_is_an_error(tmp_path: Path, out: Path) -> None:
    fails(log_of(tmp_path / "part-*.csv"), out, "part-*.csv matches no file")


def test_one_missing_part_of_several_is_an_error(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "a.csv", "user,item,at\n1,2,3\n")
    paths = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    fails(log_of(paths), out, "b.csv does not exist")


def test_a_folder_is_not_a_file(tmp_path: Path, out: Path) -> None:
    fails(log_of(tmp_path), out, "is a folder", "*.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "only blank lines"),
        ("user,item,at\n", "has no rows"),
    ],
)
def test_an_empty_file_is_an_error(tmp_path: Path, out: Path, text: str, said: str) -> None:
    fails(log_of(write(tmp_path / "log.csv", text)), out, "log.csv", said)


def test_a_misnamed_column_gets_the_nearest_name(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "User,itm,at\n1,2,3\n")
    config = log_of(path)
    fails(config, out, "no column 'user' (for user_id)", "did you mean 'User'?")
    path.write_text("user,itm,at\n1,2,3\n")
    fails(config, out, "no column 'item' (for item_id)", "did you mean 'itm'?")


def test_a_column_like_none_lists_what_there_is(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "1,2,3\n4,5,6\n")
    fails(log_of(path), out, "there are '1', '2', '3'", "needs header: [names]")


def test_two_columns_of_one_name_are_refused(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "user,user,item,at\n1,1,2,3\n")
    fails(log_of(path), out, "two columns are called 'user'")


def test_header_names_must_be_as_many_as_fields(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "1,2,3,4\n")
    config = log_of(path, header=["user", "item", "at"])
    fails(config, out, "header names 3 columns but the first line has 4")


def big_log(rows: int) -> list[str]:
    lines = ["user,item,note,at"]
    lines += [f'u{i},{i % 7},"a, ""b""\nc",{1_465_413_032 + i}' for i in range(rows)]
    return lines


def test_a_wrong_type_half_way_down_names_file_line_column_and_value(
    tmp_path: Path, out: Path
) -> None:
    lines = big_log(100_000)
    lines[60_001] = 'u60000,3,"x",yesterday'
    path = write(tmp_path / "log.csv", "\n".join(lines))
    # The header is line 1; each of the 60,000 rows before has a line break in its note.
    line = 1 + 2 * 60_000 + 1
    fails(log_of(path), out, f"log.csv: line {line}: at is 'yesterday', expected a time")


def test_a_wrong_type_is_found_in_the_second_compressed_part(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "a.csv", "user,item,at\n1,2,3\n")
    with gzip.open(tmp_path / "b.csv.gz", "wt") as stream:
        stream.write("user,item,at\n1,2,3\n\n1,2,3.5x\n")
    config = log_of(tmp_path / "*.csv*")
    fails(config, out, "b.csv.gz: line 4: at is '3.5x'")


def test_wrong_types_are_found_in_parquet_and_json_lines(tmp_path: Path, out: Path) -> None:
    path = write(
        tmp_path / "log.jsonl", '{"user":1,"item":2,"at":3}\n{"user":1,"item":2,"at":"x"}\n'
    )
    fails(log_of(path), out, "log.jsonl: line 2: at is 'x'")
    table = "SELECT * FROM (VALUES (1, 2, '3'), (1, 2, 'x')) t(\"user\", item, \"at\")"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({table}) TO '{tmp_path / 'log.parquet'}'")
    fails(log_of(tmp_path / "log.parquet"), out, "log.parquet: row 2: at is 'x'")


def test_rows_that_only_leaves_out_are_counted_but_not_judged(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "user,item,at,kind\n1,2,bad,b\n1,2,3,a\n1,2,worse,a\n")
    fails(log_of(path, only={"kind": ["a"]}), out, "line 4: at is 'worse'")
    fails(log_of(path, only={"knd": ["a"]}), out, "no column 'knd'", "did you mean 'kind'?")
    fails(log_of(path, only={"kind": ["z"]}), out, "no rows", "check only")


@pytest.mark.parametrize(
    ("unit", "value", "hint"),
    [
        ("s", "1465413032000", "try another"),  # milliseconds: the year 48,000
        ("iso", "1465413032", "time.unit: s, ms or us"),
        ("%d.%m.%Y", "2016-06-08", "time.unit is %d.%m.%Y"),
    ],
)
def test_a_time_in_another_unit_gets_a_hint(
    tmp_path: Path, out: Path, unit: str, value: str, hint: str
) -> None:
    path = write(tmp_path / "log.csv", f"user,item,at\n1,2,{value}\n")
    fails(log_of(path, time={"unit": unit}), out, f"line 2: at is '{value}'", hint)


@pytest.mark.parametrize("value", ["1.5", "2016-06-08", "x"])
def test_steps_are_whole_numbers(tmp_path: Path, out: Path, value: str) -> None:
    path = write(tmp_path / "log.csv", f"user,item,at\n1,2,{value}\n")
    clock = Clock(kind="step", step_seconds=600)
    fails(log_of(path), out, f"at is '{value}'", "whole number of steps", clock=clock)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user,item,at\n1,2,3\n1,2\n", "line 3: Expected Number of Columns: 3 Found: 2"),
        ("user,item,at\n1,2,3\n1,2,3,4\n", "line 3: Expected Number of Columns: 3 Found: 4"),
        ('user,item,at\n1,"2,3\n', "line 2: Value with unterminated quote"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, out: Path, text: str, said: str) -> None:
    fails(log_of(write(tmp_path / "log.csv", text)), out, "log.csv", said)


def test_text_in_another_encoding_is_named(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("user,item,at\ncafé,2,3\n".encode("latin-1"))
    fails(log_of(path), out, "line 2", "not utf-8 encoded")
    assert ingest(log_of(path, encoding="latin-1"), Clock(), out) == {"interactions": 1}


def test_broken_json_names_its_line(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.jsonl", '{"user":1,"item":2,"at":3}\n{"user":1,\n')
    fails(log_of(path), out, "log.jsonl: line 2: not JSON")
    lines = ['{"user":1,"item":2,"at":3}'] * 5000 + ['{"user":1,']
    fails(log_of(write(path, "\n".join(lines))), out, "log.jsonl: line 5001")
    fails(log_of(write(path, "[1]\n")), out, "line 1", "no JSON object")


def test_what_is_not_parquet_is_said_so(tmp_path: Path, out: Path) -> None:
    fails(log_of(write(tmp_path / "log.parquet", "user,item\n")), out, "not a Parquet file")


def test_a_name_that_does_not_tell_its_format_asks_for_it(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.xyz", "user,item,at\n1,2,3\n")
    fails(log_of(path), out, "say format")
    assert ingest(log_of(path, format="csv"), Clock(), out) == {"interactions": 1}


def test_an_unknown_event_type_is_named_with_the_remedy(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "user,item,at,event\n1,2,3,VIEW\n1,2,4,LKE\n1,2,5,LKE\n")
    columns = COLUMNS | {"event": "event"}
    config = log_of(path, columns=columns, events={"VIEW": 1, "LIKE": 2})
    said = fails(config, out, "'LKE' in 2 rows", "did you mean 'LIKE'?", "unknown_events: ignore")
    assert "0 leaves it out" in said
    kept = log_of(path, columns=columns, events={"VIEW": 1}, unknown_events="ignore")
    assert ingest(kept, Clock(), out) == {"interactions": 1}


def test_an_item_may_occur_once_in_a_catalogue(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "user,item,at\n1,2,3\n")
    items = {
        "path": str(write(tmp_path / "items.csv", "item,title\n7,a\n8,b\n7,c\n")),
        "columns": {"item_id": "item", "title": "title"},
    }
    raw = log_of(path).model_dump() | {"items": items}
    fails(DataConfig.model_validate(raw), out, "item_id '7' is in 2 rows", "items.duplicates")


def test_a_broadcast_may_occur_once_in_windows_that_are_joined(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "kumu_livestream_watchlog.csv", "viewer_id,channel_id,duration\na,c,5\n")
    write(tmp_path / "kumu_gameshow_watchlog.csv", "user_id,channel_id,duration\na,c,5\n")
    channel = "c,s,2021-05-01 12:00:00 UTC,60\n"
    header = "channel_id,streamer_id,live_start_time,duration\n"
    write(tmp_path / "kumu_channel_db.csv", header + channel * 2)
    config = DataConfig.model_validate({"preset": "kumu", "folder": str(tmp_path)})
    fails(config, out, "broadcast_id 'c' is in 2 rows")


def test_an_unset_variable_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    fails(log_of("${NOT_SET_ANYWHERE}/log.csv"), out, "NOT_SET_ANYWHERE", "export it")


def test_an_unknown_time_zone_is_named(tmp_path: Path, out: Path) -> None:
    path = write(tmp_path / "log.csv", "user,item,at\n1,2,2021-01-01\n")
    fails(log_of(path, time={"zone": "Asia/Manilla"}), out, "'Asia/Manilla' is no time zone")


def test_a_full_disk_is_an_error_of_the_disk() -> None:
    error = duckdb.IOException("IO Error: Could not write file: No space left on device")
    found = translated(error, "ingest")
    assert isinstance(found, OSError)
    assert found.errno == 28
    assert re.search("No space", str(found))


def test_errors_of_configuration_and_source_are_told_apart() -> None:
    assert not issubclass(ConfigError, SourceError)
