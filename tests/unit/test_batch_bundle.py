import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.availability.repeats import RepeatPolicy
from onstage.columns import Columns
from onstage.data.clock import Clock
from onstage.data.dataset import Dataset
from onstage.errors import ConfigError, StoreError
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.serving.bundle import AVAILABILITY, INFO, Bundle, load_bundle, save_bundle


WINDOWS = f"{AVAILABILITY}/starts.npy"
HEAD = f"{AVAILABILITY}/index.json"
EIGHT = pd.Timestamp("2024-06-01T20:00:00Z")


def evening() -> Dataset:
    """Ann watches a, a, b; bob watches a and c: a is the most popular, then b and c alike."""
    rows = [("ann", "a", 0), ("ann", "a", 1), ("ann", "b", 2), ("bob", "a", 3), ("bob", "c", 4)]
    table = pd.DataFrame(rows, columns=[Columns.USER, Columns.ITEM, "hour"])
    table[Columns.TIME] = EIGHT + pd.to_timedelta(table.pop("hour"), unit="h")
    return Dataset.from_interactions(table)


def schedule(data: Dataset) -> AvailabilityIndex:
    """On 2 June a is live from 20 to 21 h, b from 20 to 22 h, and c never."""
    start = EIGHT + pd.Timedelta(days=1)
    windows = pd.DataFrame(
        {
            Columns.ITEM: ["a", "b"],
            Columns.STARTS: [start, start],
            Columns.ENDS: [start + pd.Timedelta(hours=1), start + pd.Timedelta(hours=2)],
        }
    )
    return AvailabilityIndex.from_windows(windows, data)


@pytest.fixture
def bundle() -> Bundle:
    data = evening()
    return Bundle(Memory(MemoryConfig()).fit(data), schedule(data))


def listed(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table[Columns.USER], table[Columns.ITEM], strict=True))


@pytest.mark.parametrize(
    ("at", "live"),
    [
        ("2024-06-02T20:00:00Z", ["a", "b"]),
        ("2024-06-02T20:59:59Z", ["a", "b"]),
        ("2024-06-02T21:00:00Z", ["b"]),
        ("2024-06-02T22:00:00Z", []),
        ("2024-06-02T22:30:00+02:00", ["a", "b"]),
    ],
)
def test_only_who_is_live_at_the_instant_is_recommended(
    bundle: Bundle, at: str, live: list[str]
) -> None:
    assert bundle.recommend(["ann"], at, 10)[Columns.ITEM].tolist() == live


def test_a_list_of_who_is_live_replaces_the_windows(bundle: Bundle) -> None:
    top = bundle.recommend(["bob"], "2024-06-02T20:00:00Z", 10, live=["c", "b", "newcomer"])
    assert listed(top) == [("bob", "c"), ("bob", "b")]
    assert bundle.recommend(["bob"], "2024-06-02T20:00:00Z", live=[]).empty


def test_a_stranger_gets_what_is_popular_among_the_live(bundle: Bundle) -> None:
    top = bundle.recommend(["zoe", "ann"], "2024-06-02T20:00:00Z", 1)
    assert listed(top) == [("zoe", "a"), ("ann", "a")]
    assert top[Columns.FALLBACK].tolist() == [True, False]
    later = bundle.recommend(["zoe"], "2024-06-02T21:00:00Z", 1)
    assert listed(later) == [("zoe", "b")]


def test_a_request_may_have_its_own_repeat_policy(bundle: Bundle) -> None:
    at = "2024-06-02T20:00:00Z"
    assert bundle.recommend(["ann"], at, repeat=RepeatPolicy(kind="exclude")).empty
    top = bundle.recommend(["bob"], at, repeat=RepeatPolicy(kind="exclude"))
    assert listed(top) == [("bob", "b")]


def test_now_is_now_and_last_is_the_newest_interaction(bundle: Bundle) -> None:
    clock = bundle.clock
    assert clock.render(bundle.tick("last")) == "2024-06-02T00:00:00+00:00"  # 20 h + 4 h
    before = clock.parse(datetime.now(UTC))
    assert before <= bundle.tick(None) <= bundle.tick("now") <= clock.parse(datetime.now(UTC))
    assert bundle.tick(17) == 17


def test_in_a_log_of_steps_now_is_the_step_after_the_newest() -> None:
    table = pd.DataFrame({Columns.USER: [1, 2], Columns.ITEM: [7, 8], Columns.TIME: [40, 41]})
    data = Dataset.from_interactions(table, clock=Clock(kind="step", step_seconds=600))
    model = Popularity(PopularityConfig()).fit(data)
    bundle = Bundle(model, AvailabilityIndex.from_interactions(data))
    assert (bundle.tick("now"), bundle.tick("last"), bundle.tick("12")) == (42, 41, 12)


def test_a_time_that_is_none_is_refused_in_one_line(bundle: Bundle) -> None:
    with pytest.raises(ConfigError, match=r"time 'tonight': expected ISO 8601"):
        bundle.recommend(["ann"], "tonight")


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    return save_bundle(
        bundle.model,
        tmp_path / "bundle",
        availability=bundle.availability,
        repeat=RepeatPolicy(kind="cooldown", cooldown_hours=3),
        extra={"model": "memory"},
    )


def test_a_bundle_answers_the_same_after_it_was_written_and_read(
    bundle: Bundle, folder: Path
) -> None:
    again = load_bundle(folder)
    assert again.repeat == RepeatPolicy(kind="cooldown", cooldown_hours=3)
    assert again.info == {"model": "memory"}
    for at in ("2024-06-02T20:00:00Z", "2024-06-02T21:30:00Z"):
        users = ["ann", "bob", "zoe"]
        expected = bundle.recommend(users, at, repeat=again.repeat)
        pd.testing.assert_frame_equal(again.recommend(users, at), expected)


def test_a_bundle_without_windows_is_always_available(bundle: Bundle, tmp_path: Path) -> None:
    again = load_bundle(save_bundle(bundle.model, tmp_path / "bundle"))
    assert set(again.recommend(["ann"])[Columns.ITEM]) >= {"a", "b"}
    assert again.availability.always


def test_a_bundle_has_no_file_that_could_run_code(folder: Path) -> None:
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert kinds == {".json", ".npy"}
    arrays = [np.load(path, allow_pickle=False) for path in folder.rglob("*.npy")]
    assert all(array.dtype != object for array in arrays)


def test_the_same_bundle_is_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    def contents(name: str) -> dict[str, bytes]:
        folder = save_bundle(bundle.model, tmp_path / name, availability=bundle.availability)
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert contents("one") == contents("two")


@pytest.mark.parametrize("file", [INFO, WINDOWS, HEAD, "model/config.json"])
@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_a_damaged_bundle_is_one_clear_error(folder: Path, file: str, damage: str) -> None:
    if damage == "gone":
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(b"\x00garbage")
    with pytest.raises(StoreError, match=r"(make it again|save it again|save the model again)$"):
        load_bundle(folder)


def test_an_array_of_pickled_objects_is_refused(folder: Path) -> None:
    evil = np.array([{"a": 1}], dtype=object)
    np.save(folder / WINDOWS, evil)
    with pytest.raises(StoreError, match="Python objects in dtype"):
        load_bundle(folder)


def test_a_bundle_of_a_later_format_names_who_can_read_it(folder: Path) -> None:
    text = (folder / INFO).read_text().replace('"format": 2', '"format": 3')
    (folder / INFO).write_text(text)
    with pytest.raises(StoreError, match=r"format 3, this version reads 1 and 2; use onstage"):
        load_bundle(folder)


def test_a_bundle_of_the_first_format_is_still_read(bundle: Bundle, folder: Path) -> None:
    index = bundle.availability
    shutil.rmtree(folder / AVAILABILITY)
    np.savez(folder / "availability.npz", item=index.item, starts=index.starts, ends=index.ends)
    head = json.loads((folder / INFO).read_text())
    head |= {"format": 1, "availability": {"n_items": index.n_items, "always": False}}
    (folder / INFO).write_text(json.dumps(head))
    at = "2024-06-02T21:00:00Z"
    assert load_bundle(folder).recommend(["ann"], at)[Columns.ITEM].tolist() == ["b"]
