"""`onstage init` looks at a file and says what it is, or that it cannot tell."""

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from onstage.config import load_config
from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.data.sources.inspection import Guess, inspect, render_config
from onstage.data.sources.roles import fit_of_name, words_of
from onstage.errors import SourceError


def round_trip(path: Path, out: Path) -> tuple[Guess, dict[str, Any], dict[str, int]]:
    """The written configuration is valid, says what was guessed, and reads the file."""
    guess = inspect(path)
    text = render_config(guess)
    raw = yaml.safe_load(text)
    assert set(raw) == {"name", "clock", "data"}
    clock, config = Clock.model_validate(raw["clock"]), DataConfig.model_validate(raw["data"])
    assert clock == guess.clock
    assert all(f"# CHECK: {question}" in text for question in guess.questions)
    out.mkdir()
    return guess, raw["data"]["interactions"], ingest(config, clock, out)


def twitch(user: int, i: int) -> str:
    start = (user * 13 + i * 29) % 5000
    return f"{user},{33842865744 + user * 100 + i},str{user * i % 37},{start},{start + 1 + i % 5}"


def test_raw_twitch_without_a_header_is_recognised_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "100k.csv"
    path.write_text("\n".join(twitch(u, i) for u in range(1, 60) for i in range(20)))
    guess, section, counts = round_trip(path, tmp_path / "out")
    assert section["header"] == ["user", "broadcast", "item", "start", "stop"]
    assert section["columns"] == {
        "user_id": "user", "item_id": "item", "broadcast_id": "broadcast",
        "timestamp": "start", "ends_at": "stop",
    }  # fmt: skip
    assert guess.clock.kind == "step"
    assert any("step_seconds" in question for question in guess.questions)
    assert any("the candidates were" in question for question in guess.questions)
    assert guess.windows == "interactions"
    assert counts["interactions"] == 59 * 20


def test_ratings_with_double_colons_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    rows = [
        f"{u}::{u * i % 50}::{i % 5 + 1}::{978300760 + i * 1000}"
        for u in range(1, 60)
        for i in range(20)
    ]
    path.write_text("\n".join(rows))
    guess, section, counts = round_trip(path, tmp_path / "out")
    assert section["delimiter"] == "::"
    assert section["header"] == ["user", "item", "rating", "start"]
    assert section["columns"]["weight"] == "rating"
    assert section["time"] == {"unit": "s"}
    assert guess.clock.kind == "utc"
    assert counts == {"interactions": 59 * 20}


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv", "parquet", "jsonl"])
def test_a_watch_log_of_any_format_is_recognised_by_its_names(tmp_path: Path, kind: str) -> None:
    table = pd.DataFrame(
        {
            "viewerId": [f"v{i % 20}" for i in range(200)],
            "streamer": [f"s{i % 7}" for i in range(200)],
            "watchedAt": [f"2021-05-{1 + i % 28:02d} 12:00:00" for i in range(200)],
            "duration": [30 + i for i in range(200)],
            "action": [("view", "gift sent")[i % 2] for i in range(200)],
        }
    )
    path = tmp_path / f"My Log.{kind}"
    writers = {
        "csv": lambda: table.to_csv(path, index=False, sep=";"),
        "csv.gz": lambda: path.write_bytes(gzip.compress(table.to_csv(index=False).encode())),
        "tsv": lambda: table.to_csv(path, index=False, sep="\t"),
        "parquet": lambda: table.to_parquet(path),
        "jsonl": lambda: table.to_json(path, orient="records", lines=True),
    }
    writers[kind]()
    guess, section, counts = round_trip(path, tmp_path / "out")
    assert guess.name == "my-log"
    assert section["columns"] == {
        "user_id": "viewerId", "item_id": "streamer", "timestamp": "watchedAt",
        "event": "action", "duration_seconds": "duration",
    }  # fmt: skip
    assert section["ends_after"] == "duration"
    assert section["events"] == {"gift sent": 5.0, "view": 1.0}
    assert any("read as UTC" in question for question in guess.questions)
    assert counts["interactions"] == 200


def test_epoch_milliseconds_are_told_from_seconds(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "user,item,ts\n" + "".join(f"{i % 3},{i % 4},{1465413032000 + i}\n" for i in range(50))
    )
    _, section, _ = round_trip(path, tmp_path / "out")
    assert section["time"] == {"unit": "ms"}


def test_ids_without_telling_names_are_guessed_and_said_to_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [f"a{i // 5},b{i % 4},2021-05-01T12:00:{i:02d}Z\n" for i in range(50)]
    path.write_text("foo,bar,baz\n" + "".join(rows))
    guess, section, _ = round_trip(path, tmp_path / "out")
    assert section["columns"] == {"user_id": "foo", "item_id": "bar", "timestamp": "baz"}
    assert sum("the candidates were 'foo', 'bar'" in q for q in guess.questions) == 2


def test_a_watch_log_without_times_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    path.write_text(
        "viewer_id,channel_id,duration\n" + "".join(f"v{i % 5},c{i % 3},{i}\n" for i in range(50))
    )
    guess = inspect(path)
    assert guess.missing == ("timestamp",)
    assert any("is this a log?" in question for question in guess.questions)
    with pytest.raises(
        SourceError, match=r"no column for timestamp; saw 'viewer_id': text, 5 distinct"
    ):
        render_config(guess)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "the file is empty"), ("user,item,timestamp\n", "no row"), ("\n \n", "only blank lines")],
)
def test_there_must_be_something_to_look_at(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=said):
        inspect(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no\.csv: no such file"):
        inspect(tmp_path / "no.csv")


@pytest.mark.parametrize(
    ("name", "role", "fit"),
    [
        ("user_id", "user_id", 2),
        ("personId", "user_id", 2),
        ("userAgent", "user_id", 0),
        ("viewerCount", "user_id", 0),
        ("streamer_name", "item_id", 2),
        ("start_time", "timestamp", 2),
        ("end_time", "ends_at", 2),
        ("time", "ends_at", 0),
        ("watch_time", "duration_seconds", 0),
        ("watch_seconds", "duration_seconds", 2),
    ],
)
def test_names_fit_roles_by_their_words(name: str, role: str, fit: int) -> None:
    assert fit_of_name(name, role) == fit


def test_names_are_split_at_capitals_digits_and_signs() -> None:
    assert words_of("liveStart_time2.utc") == ["live", "start", "time", "utc"]


@pytest.mark.realdata
def test_the_real_logs_are_recognised(data: Path, tmp_path: Path) -> None:
    _, deskdrop, counts = round_trip(data / "deskdrop/users_interactions.csv", tmp_path / "a")
    assert deskdrop["columns"] == {
        "user_id": "personId", "item_id": "contentId",
        "timestamp": "timestamp", "event": "eventType",
    }  # fmt: skip
    assert deskdrop["events"]["COMMENT CREATED"] == 5.0
    assert counts == {"interactions": 72_312}
    _, movielens, _ = round_trip(data / "movielens-latest-small/ratings.csv", tmp_path / "b")
    assert movielens["columns"]["weight"] == "rating"
    guess, sample, _ = round_trip(data / "twitch105k/twitch105k.csv", tmp_path / "c")
    assert sample["columns"] == {
        "user_id": "user_id", "item_id": "streamer_name", "timestamp": "start_time",
    }  # fmt: skip
    assert guess.clock.kind == "step"


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["movielens-latest-small/movies.csv", "twitch-marginals/user_lifetime.csv",
     "twitch-marginals/rfm_user_segments.csv", "twitch-marginals/streamer_viewer_distribution.csv"],
)  # fmt: skip
def test_real_files_that_are_no_logs_are_said_to_be_none(data: Path, name: str) -> None:
    assert "timestamp" in inspect(data / name).missing


@pytest.mark.parametrize("live", [True, False])
def test_only_a_log_with_ends_gets_the_ranker_of_who_is_live(tmp_path: Path, *, live: bool) -> None:
    from flows.commands.init import command

    path, target = tmp_path / "watches.csv", tmp_path / "made.yaml"
    ends = ",stop" if live else ""
    rows = [
        f"u{u},s{(u + i) % 9},{100 * i + u}" + (f",{100 * i + u + 5}" if live else "")
        for u in range(30)
        for i in range(20)
    ]
    path.write_text("\n".join([f"user_id,streamer,start{ends}", *rows]))
    assert command.callback is not None
    command.callback(file=path, output=target, dry_run=False, force=False, as_json=False)
    assert ("ranker" in load_config(target).models) == live
