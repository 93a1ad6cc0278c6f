"""An index on disk."""

from pathlib import Path

import numpy as np
import pytest

from onstage.availability.files import load_index, save_index
from onstage.availability.index import AvailabilityIndex
from onstage.errors import StoreError
from onstage.testing.examples import crowd


@pytest.fixture
def index() -> AvailabilityIndex:
    return AvailabilityIndex.from_interactions(crowd(0))


def test_a_loaded_index_is_mapped_and_answers_the_same(
    index: AvailabilityIndex, tmp_path: Path
) -> None:
    save_index(index, tmp_path / "index")
    again = load_index(tmp_path / "index")
    assert isinstance(again.sets.live.base, np.memmap)
    for at in range(-1, 45):
        assert again.live_at(at).tolist() == index.live_at(at).tolist()
    times = np.arange(-1, 45)
    assert again.candidates(times).items.tolist() == index.candidates(times).items.tolist()


def test_a_loaded_index_can_be_appended_to(index: AvailabilityIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path / "index")
    more = (np.array([2, 7]), np.array([30, 60]), np.array([70, 61]))
    again, expected = load_index(tmp_path / "index").appended(*more), index.appended(*more)
    for at in range(25, 75):
        assert again.live_at(at).tolist() == expected.live_at(at).tolist()


def test_always_available_survives_the_disk(tmp_path: Path) -> None:
    save_index(AvailabilityIndex.everything(3), tmp_path / "index")
    assert load_index(tmp_path / "index", mmap=False).live_at(9).tolist() == [0, 1, 2]


@pytest.mark.parametrize("file", ["index.json", "starts.npy", "sets.live.npy"])
@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_a_damaged_index_is_one_clear_error(
    index: AvailabilityIndex, tmp_path: Path, file: str, damage: str
) -> None:
    save_index(index, tmp_path / "index")
    path = tmp_path / "index" / file
    path.unlink() if damage == "gone" else path.write_bytes(b"\x00garbage")
    with pytest.raises(StoreError, match=r"incomplete or damaged, save it again$"):
        load_index(tmp_path / "index")


def test_another_format_is_refused(index: AvailabilityIndex, tmp_path: Path) -> None:
    save_index(index, tmp_path / "index")
    head = tmp_path / "index" / "index.json"
    head.write_text(head.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(StoreError, match="format 9, this version reads 1"):
        load_index(tmp_path / "index")
