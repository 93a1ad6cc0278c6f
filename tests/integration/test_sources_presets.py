"""The real data sets, and small files in their shape, become canonical tables."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from onstage.data.clock import Clock
from onstage.data.sources.config import DataConfig
from onstage.data.sources.ingest import ingest
from onstage.data.sources.presets import PRESETS
from onstage.data.tables import read_table, table_names


pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
Tables = Callable[..., dict[str, pd.DataFrame]]
STEPS = Clock(kind="step", step_seconds=600)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    def read(config: DataConfig, clock: Clock | None = None) -> dict[str, pd.DataFrame]:
        folder = tmp_path / "tables"
        folder.mkdir()
        counts = ingest(config, clock or Clock(), folder)
        found = {name: read_table(folder, name) for name in table_names(folder)}
        assert counts == {name: len(table) for name, table in found.items()}
        assert [path.suffix for path in folder.iterdir()] == [".parquet"] * len(found)
        return found

    return read


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_configuration_is_valid(path: Path) -> None:
    raw = yaml.safe_load(path.read_text())
    assert raw["name"] == path.stem
    Clock.model_validate(raw["clock"])
    config = DataConfig.model_validate(raw["data"])
    assert config.preset in PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_written_out_means_the_same(preset: str) -> None:
    config = DataConfig.model_validate({"preset": preset})
    assert DataConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.realdata
def test_deskdrop_keeps_large_negative_ids_and_drops_repeated_rows(
    data: Path, tables: Tables
) -> None:
    log = tables(DataConfig(preset="deskdrop", folder=str(data / "deskdrop")))["interactions"]
    raw = pd.read_csv(data / "deskdrop/users_interactions.csv")
    kept = raw.drop_duplicates(["personId", "contentId", "timestamp", "eventType"])
    assert len(raw) == 72_312
    assert len(kept) == len(log)
    assert log["user_id"].tolist() == kept["personId"].tolist()
    assert log["item_id"].tolist() == kept["contentId"].tolist()
    assert log["user_id"].iloc[0] == -8845298781299428018
    assert log["timestamp"].iloc[0] == pd.Timestamp(1465413032, unit="s", tz="UTC")
    strength = {"VIEW": 1, "LIKE": 2, "BOOKMARK": 3, "FOLLOW": 4, "COMMENT CREATED": 5}
    assert log["weight"].tolist() == [strength[e] for e in kept["eventType"]]


@pytest.mark.realdata
def test_twitch105k_rows_end_three_steps_after_they_began(data: Path, tables: Tables) -> None:
    found = tables(DataConfig(preset="twitch105k", folder=str(data / "twitch105k")), STEPS)
    log, windows = found["interactions"], found["windows"]
    assert len(log) == 105_745
    assert (log["ends_at"] - log["timestamp"] == 3).all()
    live = {
        (row.item_id, step)
        for row in log.itertuples()
        for step in range(row.timestamp, row.ends_at)
    }
    listed = [
        (row.item_id, step) for row in windows.itertuples() for step in range(row.starts, row.ends)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == live


@pytest.mark.realdata
def test_movielens_weights_are_ratings_and_items_have_titles(data: Path, tables: Tables) -> None:
    found = tables(DataConfig(preset="movielens", folder=str(data / "movielens-latest-small")))
    assert len(found["interactions"]) == 100_836
    assert len(found["items"]) == 9_742
    assert found["items"].iloc[0].to_dict() == {
        "item_id": 1,
        "title": "Toy Story (1995)",
        "genres": "Adventure|Animation|Children|Comedy|Fantasy",
    }
    assert set(found["interactions"]["weight"]) == {i / 2 for i in range(1, 11)}


def test_a_removed_article_is_unavailable_from_its_removal_on(
    tmp_path: Path, tables: Tables
) -> None:
    (tmp_path / "users_interactions.csv").write_text(
        "timestamp,eventType,contentId,personId\n"
        "100,VIEW,1,-7\n"  # before article 1 was shared: it was there already
        "250,LIKE,2,-7\n"
        "300,VIEW,4,-7\n"  # article 4 is not listed
    )
    (tmp_path / "shared_articles.csv").write_text(
        "timestamp,eventType,contentId,title\n"
        "200,CONTENT SHARED,1,One\n"
        "200,CONTENT SHARED,2,Two\n"
        "400,CONTENT REMOVED,2,Two\n"
        "500,CONTENT SHARED,2,Two again\n"
        "150,CONTENT REMOVED,3,Three\n"  # shared before the log began
    )
    found = tables(DataConfig(preset="deskdrop", folder=str(tmp_path)))
    windows = found["windows"].astype({"starts": "int64", "ends": "int64"})
    seconds = windows.assign(starts=windows["starts"] // 10**6, ends=windows["ends"] // 10**6)
    never = pd.Timestamp("2200-01-01", tz="UTC").timestamp()
    assert seconds.to_numpy().tolist() == [
        [1, 100, never],
        [2, 200, 400],
        [2, 500, never],
        [3, 100, 150],
        [4, 100, never],
    ]
    assert dict(found["items"].to_numpy().tolist()) == {1: "One", 2: "Two again"}


def test_kumu_logs_become_one_summed_by_user_and_broadcast(tmp_path: Path, tables: Tables) -> None:
    (tmp_path / "kumu_livestream_watchlog_db_p1.csv").write_text(
        "viewer_id,channel_id,duration\nann,c1,100\nbob,c1,30\n"
    )
    (tmp_path / "kumu_livestream_watchlog_db_p2.csv").write_text(
        "viewer_id,channel_id,duration\nann,c1,50\nann,c9,5\n"
    )
    (tmp_path / "kumu_gameshow_watchlog_db.csv").write_text(
        "user_id,channel_id,duration\nann,c2,4000\n"
    )
    (tmp_path / "kumu_channel_db.csv").write_text(
        "channel_id,streamer_id,live_start_time,duration,like_count,comment_count,diamonds\n"
        "c1,s1,2021-05-01 12:00:00 UTC,600,3,4,5\n"
        "c2,s2,2021-05-01 13:00:00 UTC,3600,0,0,0\n"
    )
    (tmp_path / "kumu_reco_dataset.csv").write_text(
        "viewer_id,streamer_id,view_count,comment_count,coin_count,engagement\nann,s1,1,2,3,9.5\n"
    )
    found = tables(DataConfig(preset="kumu", folder=str(tmp_path)))
    log = found["interactions"].set_index(["user_id", "broadcast_id"])
    assert log.index.tolist() == [("ann", "c1"), ("bob", "c1"), ("ann", "c9"), ("ann", "c2")]
    assert log["duration_seconds"].tolist() == [150, 30, 5, 4000]  # 150 = 100 + 50
    assert log["weight"].tolist() == [150, 30, 5, 4000]
    assert log["item_id"].fillna("?").tolist() == ["s1", "s1", "?", "s2"]  # c9 is no channel
    noon = pd.Timestamp("2021-05-01 12:00", tz="UTC")
    assert log.loc[("ann", "c1"), "timestamp"] == noon
    assert log.loc[("ann", "c1"), "ends_at"] == noon + pd.Timedelta(seconds=150)
    assert log.loc[("ann", "c2"), "ends_at"] == noon + pd.Timedelta(hours=2)  # not 4000 s after
    windows = found["windows"].set_index("broadcast_id")
    assert windows.loc["c1", "ends"] == noon + pd.Timedelta(seconds=600)
    assert windows.loc["c1", ["like_count", "comment_count", "diamonds"]].tolist() == [3, 4, 5]
    assert found["relations"].columns.tolist() == [
        "user_id", "item_id", "view_count", "comment_count", "coin_count",
    ]  # fmt: skip


def test_raw_twitch_has_no_header_and_a_broadcast(tmp_path: Path, tables: Tables) -> None:
    (tmp_path / "100k_a.csv").write_text(
        "1,33842865744,mithrain,154,156\n1,33846768288,alptv,156,157\n"
    )
    found = tables(DataConfig(preset="twitch", folder=str(tmp_path)), STEPS)
    assert found["interactions"].to_numpy().tolist() == [
        [1, "mithrain", 33842865744, 154, 156],
        [1, "alptv", 33846768288, 156, 157],
    ]
    assert found["windows"].to_numpy().tolist() == [["alptv", 156, 157], ["mithrain", 154, 156]]


def test_older_movielens_releases_are_read_as_they_are(tmp_path: Path, tables: Tables) -> None:
    (tmp_path / "ratings.dat").write_text("1::10::5::978300760\n2::10::3::978300761\n")
    (tmp_path / "movies.dat").write_bytes("10::Caf\xe9: Noir (1995)::Drama\n".encode("latin-1"))
    found = tables(DataConfig(preset="movielens-1m", folder=str(tmp_path)))
    assert found["interactions"]["weight"].tolist() == [5, 3]
    assert found["items"].to_numpy().tolist() == [[10, "Café: Noir (1995)", "Drama"]]


def test_the_hundred_thousand_ratings_release_has_tabs_and_bars(
    tmp_path: Path, tables: Tables
) -> None:
    (tmp_path / "u.data").write_text("196\t242\t3\t881250949\n")
    genres = "|".join("0" * 19)
    (tmp_path / "u.item").write_bytes(
        f'242|Kol"ya (1996)|24-Jan-1997||u|{genres}\n'.encode("latin-1")
    )
    found = tables(DataConfig(preset="movielens-100k", folder=str(tmp_path)))
    assert found["interactions"][["user_id", "item_id", "weight"]].to_numpy().tolist() == [
        [196, 242, 3.0]
    ]
    assert found["items"]["title"].tolist() == ['Kol"ya (1996)']
