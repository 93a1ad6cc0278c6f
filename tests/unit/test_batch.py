import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, SourceError, StoreError
from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.batch import recommend_all
from onstage.serving.bundle import Bundle
from onstage.serving.users import read_users


STEPS = Clock(kind="step", step_seconds=600)


def bundle(n_users: int = 20, n_items: int = 8) -> Bundle:
    """User u watches items u, u + 1 and u + 2 (modulo n_items); items 0 to 4 are live in step 100.

    Identifiers are integers far from 0: -(10**15) - position.
    """
    pairs = [(u, (u + d) % n_items, 3 * u + d) for u in range(n_users) for d in range(3)]
    table = pd.DataFrame(pairs, columns=[Columns.USER, Columns.ITEM, Columns.TIME])
    table[Columns.USER] = -(10**15) - table[Columns.USER]
    table[Columns.ITEM] = 10**15 + table[Columns.ITEM]
    data = Dataset.from_interactions(table, clock=STEPS)
    items = np.arange(5)
    index = AvailabilityIndex.merged(8, items, np.full(5, 100), np.full(5, 101))
    return Bundle(Memory(MemoryConfig()).fit(data), index)


LIVE = {10**15 + position for position in range(5)}


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_batch_is_what_the_bundle_answers_one_by_one(tmp_path: Path, ending: str) -> None:
    served = bundle()
    out = tmp_path / f"lists.{ending}"
    counts = recommend_all(served, out, at=100, k=3, batch_users=7)
    read = pd.read_parquet(out) if ending == "parquet" else pd.read_csv(out)
    expected = pd.concat(
        [served.recommend([user], 100, 3) for user in served.model.dataset.users],
        ignore_index=True,
    )
    pd.testing.assert_frame_equal(read, expected, check_dtype=False, rtol=1e-6)
    assert counts == {
        "at": "step 100",
        "users": 20,
        "rows": len(expected),
        "live_items": 5,
        "recommended_items": expected[Columns.ITEM].nunique(),
        "fallback_users": 0,
        "empty_users": 20 - expected[Columns.USER].nunique(),
    }


def test_only_live_items_are_written_and_never_more_than_there_are(tmp_path: Path) -> None:
    out = tmp_path / "lists.parquet"
    recommend_all(bundle(), out, at=100, k=50)
    lists = pd.read_parquet(out)
    assert set(lists[Columns.ITEM]) <= LIVE
    assert lists.groupby(Columns.USER).size().max() <= 5


def test_the_size_of_a_batch_changes_row_groups_and_nothing_else(tmp_path: Path) -> None:
    served = bundle()
    frames = []
    for size in (1, 7, 20, 1000):
        out = tmp_path / f"{size}.parquet"
        recommend_all(served, out, at=100, k=3, batch_users=size)
        frames.append(pd.read_parquet(out))
        assert pq.ParquetFile(out).num_row_groups == -(-20 // size)
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])


def test_identifiers_keep_their_kind_and_the_file_says_how_it_was_made(tmp_path: Path) -> None:
    out = tmp_path / "lists.parquet"
    recommend_all(bundle(), out, at=100, k=3, repeat=RepeatPolicy(kind="exclude"))
    schema = pq.read_schema(out)
    assert [str(schema.field(name).type) for name in ("user_id", "item_id", "score", "rank")] == [
        "int64", "int64", "float", "int32"
    ]  # fmt: skip
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert said["onstage.at"] == "step 100"
    assert said["onstage.k"] == "3"
    assert '"kind":"exclude"' in said["onstage.repeat"]


def test_what_a_user_had_is_left_out_when_repeats_are_excluded(tmp_path: Path) -> None:
    served = bundle()
    out = tmp_path / "lists.parquet"
    recommend_all(served, out, at=100, k=8, repeat=RepeatPolicy(kind="exclude"))
    lists = pd.read_parquet(out)
    seen = {(-(10**15) - u, 10**15 + (u + d) % 8) for u in range(20) for d in range(3)}
    assert seen.isdisjoint(zip(lists[Columns.USER], lists[Columns.ITEM], strict=True))


def test_users_from_a_file_may_be_strangers_who_get_the_popular(tmp_path: Path) -> None:
    served = bundle()
    (tmp_path / "users.txt").write_text(f"{-(10**15)}\n\n7\n7\n")
    users = read_users(tmp_path / "users.txt", served.model.dataset.users)
    counts = recommend_all(served, tmp_path / "lists.csv", at=100, k=2, users=users)
    lists = pd.read_csv(tmp_path / "lists.csv")
    assert set(lists[Columns.USER]) == {-(10**15), 7}
    assert lists.groupby(Columns.USER)[Columns.FALLBACK].all().to_dict() == {
        -(10**15): False,
        7: True,
    }
    assert (counts["users"], counts["fallback_users"]) == (2, 1)


@pytest.mark.parametrize("name", ["users.csv", "users.parquet", "users.txt"])
@pytest.mark.parametrize("like", [pd.Index([1, 2]), pd.Index(["x"])])
def test_user_files_of_every_kind_give_identifiers_of_the_models_kind(
    tmp_path: Path, name: str, like: pd.Index
) -> None:
    path = tmp_path / name
    table = pd.DataFrame({Columns.USER: ["3", "-9"], "other": [1, 2]})
    if name.endswith("csv"):
        table.to_csv(path, index=False)
    elif name.endswith("parquet"):
        table.to_parquet(path)
    else:
        path.write_text("3\n -9 \n")
    expected = [3, -9] if like.dtype.kind == "i" else ["3", "-9"]
    assert read_users(path, like).tolist() == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("users.txt", "12\nann\n", r"'ann' is no integer, and the users of this data are integers"),
        ("users.csv", "name\nann\n", r"users\.csv: .*user_id.*; give one identifier a line"),
        ("users.csv", "", r"users\.csv: .*; give one identifier a line"),
        ("users.parquet", "no parquet", r"users\.parquet: .*; give one identifier a line"),
        ("absent.txt", None, r"absent\.txt: .*No such file"),
    ],
)
def test_a_users_file_that_cannot_be_used_says_why(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=message):
        read_users(tmp_path / name, pd.Index([1, 2]))


def test_a_file_of_no_users_makes_a_file_of_no_rows(tmp_path: Path) -> None:
    out = tmp_path / "lists.parquet"
    assert recommend_all(bundle(), out, at=100, k=3, users=[])["rows"] == 0
    assert pd.read_parquet(out).columns.tolist() == [
        "user_id", "item_id", "score", "rank", "fallback"
    ]  # fmt: skip


def test_titles_stand_beside_items_and_are_empty_where_unknown(tmp_path: Path) -> None:
    items = pd.DataFrame({Columns.ITEM: [10**15, 10**15], Columns.TITLE: ["Chess, live", "later"]})
    for name in ("lists.parquet", "lists.csv"):
        out = tmp_path / name
        recommend_all(bundle(), out, at=100, k=5, items=items)
        lists = pd.read_parquet(out) if out.suffix == ".parquet" else pd.read_csv(out)
        titles = lists.groupby(Columns.ITEM)[Columns.TITLE].first()
        assert titles[10**15] == "Chess, live"
        assert titles.drop(10**15).isna().all()


def test_a_model_alone_recommends_from_everything(tmp_path: Path) -> None:
    counts = recommend_all(bundle().model, tmp_path / "lists.csv", at=100, k=1)
    assert counts["live_items"] == 8


def test_an_explicit_list_of_the_live_wins_over_the_windows(tmp_path: Path) -> None:
    out = tmp_path / "lists.csv"
    counts = recommend_all(bundle(), out, at=5000, k=3, live=[10**15 + 7, 1])
    assert counts["live_items"] == 1
    assert set(pd.read_csv(out)[Columns.ITEM]) == {10**15 + 7}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"at": 101}, r"nobody is live at step 101: .* between step 100 and step 101; choose"),
        ({"at": 100, "live": [1]}, r"none of the 1 items given as live is known"),
        ({"at": 100, "k": 0}, r"k must be at least 1, got 0"),
        ({"at": 100, "batch_users": 0}, r"batch_users must be at least 1, got 0"),
        ({"at": 100, "items": pd.DataFrame({"item_id": [1]})}, r"items: no column 'title'"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_and_leaves_what_was_there(
    tmp_path: Path, wish: dict[str, object], message: str
) -> None:
    out = tmp_path / "lists.csv"
    out.write_text("yesterday's")
    with pytest.raises(ConfigError, match=message):
        recommend_all(bundle(), out, **wish)
    assert [path.name for path in tmp_path.iterdir()] == ["lists.csv"]
    assert out.read_text() == "yesterday's"


def test_whoever_reads_yesterdays_lists_meanwhile_reads_them_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "lists.csv"
    out.write_text("yesterday's")
    with out.open() as reader:
        recommend_all(bundle(), out, at=100, k=1)
        assert reader.read() == "yesterday's"
    assert out.read_text().startswith("user_id,")


def test_a_name_without_a_known_ending_needs_a_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot tell the format from '\.xlsx'"):
        recommend_all(bundle(), tmp_path / "lists.xlsx", at=100)
    recommend_all(bundle(), tmp_path / "lists.xlsx", at=100, form="csv")
    assert pd.read_csv(tmp_path / "lists.xlsx").shape[1] == 5


@pytest.mark.parametrize("place", ["file/lists.csv", "folder.csv"])
def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StoreError, match=r"nothing was written, choose another place"):
        recommend_all(bundle(), tmp_path / place, at=100)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


def test_a_read_only_folder_is_one_clear_error(tmp_path: Path) -> None:
    place = tmp_path / "locked"
    place.mkdir()
    place.chmod(0o500)
    if os.access(place, os.W_OK):  # root writes everywhere but into the kernel's own tables
        place = Path("/proc/self/fdinfo")
    with pytest.raises(StoreError, match=r"lists\.parquet: .*; nothing was written"):
        recommend_all(bundle(), place / "lists.parquet", at=100)


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_batch
from onstage.errors import StoreError
from onstage.serving.batch import recommend_all
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
served = test_batch.bundle(n_users=3000)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for out in map(Path, sys.argv[2:]):
    try:
        recommend_all(served, out, at=100, k=5, batch_users=500)
    except StoreError as error:
        print(error)
"""


def test_a_disk_that_fills_up_leaves_nothing_half_written(tmp_path: Path) -> None:
    outs = [str(tmp_path / "lists.parquet"), str(tmp_path / "lists.csv")]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(Path(__file__).parent), *outs],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    why = "File too large; nothing was written, choose another place"
    assert done.stdout.splitlines() == [f"{out}: {why}" for out in outs]
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
