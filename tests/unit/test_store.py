import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onstage.data.store import MANIFEST, Reference, Store, step_key
from onstage.errors import StoreError


ROOT = Path(__file__).parents[2]
KEY = step_key("square", "1", {"log": "abc"}, {"k": 3})


def nine(folder: Path) -> dict[str, int]:
    (folder / "answer.txt").write_text("9")
    return {"rows": 1}


def test_what_is_made_once_is_found_the_second_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.make("square", KEY, nine)
    second = store.make("square", KEY, lambda _: pytest.fail("built twice"))
    assert (first.reused, second.reused) == (False, True)
    assert first.digest == second.digest
    assert store.path(second, "answer.txt").read_text() == "9"


@pytest.mark.parametrize("file", ["answer.txt", MANIFEST])
def test_a_damaged_artefact_is_made_again(tmp_path: Path, file: str) -> None:
    store = Store(tmp_path)
    made = store.make("square", KEY, nine)
    store.path(made, file).write_text("10")
    assert not store.make("square", KEY, nine).reused
    assert store.path(made, "answer.txt").read_text() == "9"


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> dict[str, int]:
        (folder / "half.txt").write_text("hal")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Store(tmp_path).make("square", KEY, fail)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> dict[str, int]:
        (folder / "some.txt").write_text("some")
        with Path("/dev/full").open("w") as device:
            device.write("x")
            device.flush()
        return {}

    with pytest.raises(StoreError, match=r"No space left on device while writing step square"):
        Store(tmp_path).make("square", KEY, fill)
    assert list(tmp_path.iterdir()) == []


def test_the_key_depends_on_code_inputs_and_configuration_only() -> None:
    assert step_key("square", "1", {"log": "abc"}, {"k": 3}) == KEY
    for other in (
        step_key("cube", "1", {"log": "abc"}, {"k": 3}),
        step_key("square", "2", {"log": "abc"}, {"k": 3}),
        step_key("square", "1", {"log": "abd"}, {"k": 3}),
        step_key("square", "1", {"log": "abc"}, {"k": 4}),
    ):
        assert other != KEY


def test_a_reference_is_small_json_without_paths(tmp_path: Path) -> None:
    text = Store(tmp_path).make("square", KEY, nine).model_dump_json()
    assert str(tmp_path) not in text
    assert Reference.model_validate_json(text).counts == {"rows": 1}


def test_drafts_of_killed_processes_are_swept_and_those_of_living_ones_are_not(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)

    dies = (
        "import os, signal, sys; from pathlib import Path; from onstage.data.store import Store\n"
        "def die(folder):\n"
        "    (folder / 'half.txt').write_text('hal')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "Store(Path(sys.argv[1])).make('square', 'key', die)"
    )
    child = subprocess.run([sys.executable, "-c", dies, str(tmp_path)], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".draft-")

    def sweeping(folder: Path) -> dict[str, int]:
        assert store.sweep_drafts() == 1
        assert folder.exists()
        return nine(folder)

    store.make("square", KEY, sweeping)
    assert [path.name for path in tmp_path.glob(".draft-*")] == []
