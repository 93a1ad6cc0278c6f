"""Files that appear whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from onstage.errors import StoreError
from onstage.files import replacing


def test_a_file_is_replaced_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    with replacing(path, "choose another") as draft:
        draft.write_text("1")
        assert not path.exists()
    with replacing(path, "choose another") as draft:
        draft.write_text("2")
        assert path.read_text() == "1"
    assert path.read_text() == "2"
    assert [one.name for one in path.parent.iterdir()] == ["state.json"]


def test_its_mode_is_that_of_any_new_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    before = os.umask(0o027)
    try:
        with replacing(path, "") as draft:
            draft.write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), StoreError("own words")])
def test_after_an_error_the_old_file_stands_and_the_error_is_the_blocks(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")

    def write() -> None:
        with replacing(path, "remedy") as draft:
            draft.write_text("half")
            raise error

    with pytest.raises(type(error)) as caught:
        write()
    assert caught.value is error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line_with_place_reason_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with pytest.raises(StoreError) as caught, replacing(path, "free space"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(caught.value) == f"{path}: No space left on device; free space"
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Is a directory; choose"), replacing(tmp_path, "choose"):
        pass
    (tmp_path / "file").write_text("x")
    inside = tmp_path / "file" / "state.json"
    with pytest.raises(StoreError, match="; choose"), replacing(inside, "choose"):
        pass
