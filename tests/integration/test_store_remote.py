"""A store with a shared remote: published whole, read only whole, never in the way."""

import errno
import json
import logging
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from onstage.data.remote import Remote, remote_of
from onstage.data.store import Store, step_key
from onstage.errors import ConfigError, StoreError
from onstage.settings import Settings
from tests.buckets import bucket as s3


pytestmark = pytest.mark.integration

KEY = step_key("square", "1", {"log": "abc"}, {"k": 3})
NAME = f"square-{KEY[:20]}"


def nine(folder: Path) -> dict[str, int]:
    (folder / "parts").mkdir()
    (folder / "answer.txt").write_text("9")
    (folder / "parts" / "more.txt").write_text("3 x 3")
    return {"rows": 1}


def twice(_: Path) -> dict[str, int]:
    pytest.fail("built twice")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """URL of a bucket on an S3 server of our own."""
    with s3("onstage-test") as url:
        yield url


@pytest.fixture(params=["file", "memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return (tmp_path / "shared").as_uri()
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    return f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}"


def store(folder: Path, url: str) -> Store:
    return Store(folder, Remote(url))


@pytest.mark.filterwarnings("default")
def test_what_one_machine_made_another_finds(tmp_path: Path, url: str) -> None:
    made = store(tmp_path / "a", url).make("square", KEY, nine)
    other = store(tmp_path / "b", url)
    found = other.make("square", KEY, twice)
    assert (found.digest, found.counts, found.reused) == (made.digest, {"rows": 1}, True)
    assert other.path(found, "parts/more.txt").read_text() == "3 x 3"
    assert other.find("square", step_key("square", "2", {}, {})) is None
    assert [one.name for one in other.root.iterdir() if one.name.startswith(".draft")] == []


@pytest.mark.filterwarnings("default")
def test_a_local_artefact_that_is_damaged_comes_back(tmp_path: Path, url: str) -> None:
    mine = store(tmp_path / "a", url)
    made = mine.make("square", KEY, nine)
    mine.path(made, "answer.txt").write_text("8")
    assert mine.find("square", KEY) == made.model_copy(update={"reused": True})
    assert mine.path(made, "answer.txt").read_text() == "9"


def pointer(shared: Path) -> Path:
    return shared / NAME / "manifest.json"


def uploaded(shared: Path, file: str) -> Path:
    (found,) = (shared / NAME).glob(f"*/{file}")
    return found


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "pointer", "outside", "nested"])
def test_a_damaged_upload_is_never_used_and_is_replaced(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    shared = tmp_path / "shared"
    store(tmp_path / "a", shared.as_uri()).make("square", KEY, nine)
    answer = uploaded(shared, "answer.txt")
    told = json.loads(pointer(shared).read_text())
    match damage:
        case "flipped":
            answer.write_text("8")
        case "cut":
            answer.write_text("")
        case "gone":
            answer.unlink()
        case "pointer":
            pointer(shared).write_text("{")
        case "outside":
            told["manifest"]["files"]["../../evil"] = "0"
            pointer(shared).write_text(json.dumps(told))
        case "nested":
            told["place"] = f"../{NAME}"
            pointer(shared).write_text(json.dumps(told))
    other = store(tmp_path / "b", shared.as_uri())
    assert other.find("square", KEY) is None
    assert "damaged" in caplog.text
    assert not (tmp_path / "evil").exists()
    assert not pointer(shared).exists()
    assert not other.make("square", KEY, nine).reused
    assert store(tmp_path / "c", shared.as_uri()).make("square", KEY, twice).reused


def test_a_half_upload_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    mine = store(tmp_path / "a", shared.as_uri())
    assert mine.remote is not None
    done: list[str] = []

    def die(source: Path, target: str) -> None:
        if done:
            raise OSError(5, "the wire was cut")
        done.append(target)
        Path(target).parent.mkdir(parents=True)
        Path(target).write_bytes(source.read_bytes())

    monkeypatch.setattr(mine.remote, "_upload", die)
    mine.make("square", KEY, nine)
    assert len(done) == 1
    assert not pointer(shared).exists()
    assert store(tmp_path / "b", shared.as_uri()).find("square", KEY) is None
    # The next use of the artefact publishes it after all.
    again = store(tmp_path / "a", shared.as_uri())
    again.make("square", KEY, twice)
    assert store(tmp_path / "b", shared.as_uri()).make("square", KEY, twice).reused


@pytest.mark.parametrize("call", ["exists", "cat_file", "get_file"])
def test_whatever_a_file_system_raises_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"memory://me:hunter2@{uuid.uuid4().hex}"
    store(tmp_path / "a", url).make("square", KEY, nine)
    other = store(tmp_path / "b", url)
    assert other.remote is not None

    def refuse(*_: object) -> None:
        raise RuntimeError(f"{url}: quota")  # as gcsfs's HttpError: no OSError

    monkeypatch.setattr(other.remote._system, call, refuse)
    assert not other.make("square", KEY, nine).reused
    assert "quota; this machine's is used" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_damaged_upload_is_told_without_the_credentials_in_its_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"memory://me:hunter2@{uuid.uuid4().hex}"
    mine = store(tmp_path / "a", url)
    mine.make("square", KEY, nine)
    assert mine.remote is not None
    (answer,) = mine.remote._system.glob(f"{mine.remote._root}/{NAME}/*/answer.txt")
    mine.remote._system.rm(answer)
    assert store(tmp_path / "b", url).find("square", KEY) is None
    assert "is damaged" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_disk_that_is_full_while_fetching_is_the_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (tmp_path / "shared").as_uri()
    store(tmp_path / "a", url).make("square", KEY, nine)

    def full(**_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("onstage.data.store.tempfile.mkdtemp", full)
    with pytest.raises(StoreError, match="No space left on device while writing step square"):
        store(tmp_path / "b", url).make("square", KEY, nine)


def test_a_publication_that_cannot_be_noted_is_one_all_the_same(tmp_path: Path) -> None:
    url = (tmp_path / "shared").as_uri()
    mine = store(tmp_path / "a", url)
    (mine.root / ".published").write_text("in the way")
    mine.make("square", KEY, nine)
    assert mine.make("square", KEY, twice).reused
    assert store(tmp_path / "b", url).make("square", KEY, twice).reused


def test_many_machines_publish_one_artefact_at_once(tmp_path: Path) -> None:
    shared = (tmp_path / "shared").as_uri()
    stores = [store(tmp_path / str(number), shared) for number in range(8)]
    threads = [threading.Thread(target=s.make, args=("square", KEY, nine)) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store(tmp_path / "last", shared).make("square", KEY, twice).reused


def test_a_remote_that_fails_is_said_once_and_then_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "file").write_text("")
    mine = store(tmp_path / "a", (tmp_path / "file" / "shared").as_uri())
    for number in range(5):
        mine.make("square", step_key("square", str(number), {}, {}), nine)
    assert len(caplog.records) == 1
    assert "this machine's is used" in caplog.text


@pytest.mark.filterwarnings("default")
def test_an_object_store_that_is_gone_stops_nothing(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    remote = Remote(f"{bucket}/gone")
    remote._system.invalidate_cache()
    remote._system.clear_instance_cache()
    assert not Store(tmp_path, Remote(f"{bucket}/gone")).make("square", KEY, nine).reused


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://bucket/x", "nosuch"),
        ("s3://key:hunter2@/x", r"ONSTAGE_STORE_REMOTE s3://\*\*\*@/x"),
    ],
)
def test_a_remote_that_cannot_be_one_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Remote(url).probe()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_remote_is_named_by_default(tmp_path: Path) -> None:
    assert remote_of(Settings(home=tmp_path, store_remote=None)) is None
    assert remote_of(Settings(home=tmp_path, store_remote=SecretStr(" "))) is None
    named = remote_of(Settings(home=tmp_path, store_remote=SecretStr("memory://x")))
    assert named is not None
    named.probe()
