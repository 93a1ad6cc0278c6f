"""The champion moves while requests are answered; a registry without one; one that is damaged."""

import json
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onstage.availability.index import AvailabilityIndex
from onstage.errors import ConfigError, StoreError
from onstage.models.memory import Memory, MemoryConfig
from onstage.models.popularity import Popularity, PopularityConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.journal import Journal
from onstage.serving.online.limits import Limits
from onstage.serving.online.rows import Row
from onstage.testing.examples import log
from onstage.testing.online import Shelf, asking


FAST = Limits(poll_seconds=0.02)
ROWS: list[tuple[int | str, int | str, int]] = [
    ("ann", "a", 0), ("ann", "a", 1), ("ann", "b", 1), ("bob", "b", 2), ("bob", "b", 3),
]  # fmt: skip
"""Ann had a more often than b; all together had b more often."""

QUESTIONS: dict[str, dict[str, object]] = {
    "/recommend": {"users": ["ann"]},
    "/similar": {"item": "a"},
    "/explain": {"user": "ann", "item": "a"},
    "/live": {"on": ["a"]},
    "/interactions": {"interactions": [{"user": "ann", "item": "b"}]},
}


def memory(more: tuple[tuple[str, str, int], ...] = ()) -> Bundle:
    data = log([*ROWS, *more])
    return Bundle(Memory(MemoryConfig()).fit(data), AvailabilityIndex.from_interactions(data))


def popularity() -> Bundle:
    data = log(ROWS)
    model = Popularity(PopularityConfig()).fit(data)
    return Bundle(model, AvailabilityIndex.from_interactions(data))


def wait_until(true: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_new_champion_takes_over_without_a_failed_request() -> None:
    shelf = Shelf(v1=memory(), v2=popularity())
    with asking(shelf, limits=Limits(poll_seconds=0.02, threads=4)) as client:
        done, seen = threading.Event(), []

        def ask() -> None:
            while not done.is_set():
                reply = client.post("/recommend", json={"users": ["ann"], "live": ["a", "b"]})
                items = [one["item"] for one in reply.json()["lists"][0]["items"]]
                seen.append((reply.status_code, reply.json()["version"], items))

        with ThreadPoolExecutor(4) as pool:
            askers = [pool.submit(ask) for _ in range(4)]
            wait_until(lambda: len(seen) > 20)
            shelf.champion = "2"
            wait_until(lambda: client.get("/health").json()["version"] == "2")
            count = len(seen)
            wait_until(lambda: len(seen) > count + 20)
            done.set()
            for one in askers:
                one.result()
    assert {status for status, _, _ in seen} == {200}
    assert {version for _, version, _ in seen} == {"1", "2"}
    lists = {"1": ["a", "b"], "2": ["b", "a"]}
    assert all(items == lists[version] for _, version, items in seen)


def test_what_was_posted_is_carried_over_to_the_next_champion() -> None:
    newer = memory((("zoe", "c", 4),))
    shelf = Shelf(v1=memory(), v2=newer)
    rows = [
        {"user": "zoe", "item": "a"},
        {"user": "ann", "item": "a"},
        {"user": "ann", "item": "c"},
    ]
    with asking(shelf, at="now") as client:
        told = client.post("/interactions", json={"interactions": rows}).json()
        assert (told["unknown_users"], told["unknown_items"]) == (1, 1)
        client.post("/live", json={"off": ["b"], "on": ["c"]})
        asked = {"users": ["zoe", "ann"], "k": 3}
        before = client.post("/recommend", json=asked).json()["lists"]
        assert [one["fallback"] for one in before] == [True, False]
        shelf.champion = "2"
        assert client.app.state.watcher.look()  # type: ignore[attr-defined]
        after = client.post("/recommend", json=asked).json()["lists"]
    scores = [{one["item"]: one["score"] for one in part["items"]} for part in after]
    assert scores == [{"a": 1.0, "c": 1.0}, {"a": 2.0 + 1.0, "c": 1.0}]


def test_a_post_that_comes_while_the_next_champion_is_loaded_is_not_lost() -> None:
    shelf = Shelf(v1=memory(), v2=memory())
    with asking(shelf, limits=FAST) as client:
        shelf.gate.clear()
        shelf.champion = "2"
        wait_until(lambda: shelf.loads == 2)
        client.post("/interactions", json={"interactions": [{"user": "ann", "item": "b"}] * 3})
        shelf.gate.set()
        wait_until(lambda: client.get("/health").json()["version"] == "2")
        answer = client.post("/recommend", json={"users": ["ann"]}).json()
    assert answer["lists"][0]["items"][0] == {"item": "b", "title": None, "score": 4.0, "rank": 1}


def test_a_registry_without_a_champion_is_said_and_its_first_one_is_taken() -> None:
    shelf = Shelf(v1=memory())
    shelf.champion = None
    with asking(shelf, limits=FAST) as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "no champion")
        for path, body in QUESTIONS.items():
            reply = client.post(path, json=body)
            assert (reply.status_code, reply.json()["error"]) == (503, "no_champion")
            assert "no champion yet; run `onstage retrain`" in reply.json()["message"]
            assert reply.headers["retry-after"] == "1"
        assert "onstage_ready 0.0" in client.get("/metrics").text
        shelf.champion = "1"
        wait_until(lambda: client.get("/health").status_code == 200)
        assert client.post("/recommend", json={"users": ["ann"]}).status_code == 200


def test_a_champion_that_does_not_load_leaves_the_old_one_and_is_not_tried_all_the_time() -> None:
    shelf = Shelf(v1=memory(), v2=popularity())
    with asking(shelf) as client:
        watcher = client.app.state.watcher  # type: ignore[attr-defined]
        shelf.champion, shelf.damaged = "2", {"2"}
        loads = shelf.loads
        assert not any(watcher.look() for _ in range(10))
        assert shelf.loads == loads + 1
        health = client.get("/health").json()
        assert (health["status"], health["version"]) == ("ok", "1")
        assert health["message"] == (
            "onstage-test v2 does not load: bundle of version 2 is damaged, make it again"
        )
        assert client.post("/recommend", json={"users": ["ann"]}).json()["version"] == "1"
        shelf.damaged = set()
        assert any(watcher.look() for _ in range(10))
        assert client.get("/health").json()["message"] is None


def test_a_first_champion_that_does_not_load_is_said_with_503() -> None:
    shelf = Shelf(v1=memory())
    shelf.damaged = {"1"}
    with asking(shelf) as client:
        health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "failed")


def test_a_registry_that_goes_away_leaves_the_champion_that_answers() -> None:
    class Broken(Shelf):
        def version(self) -> str | None:
            if self.champion == "gone":
                message = "nobody answers at 127.0.0.1:5000"
                raise ConnectionError(message)
            return super().version()

    shelf = Broken(v1=memory())
    with asking(shelf) as client:
        shelf.champion = "gone"
        client.app.state.watcher.look()  # type: ignore[attr-defined]
        health = client.get("/health").json()
        assert health["status"] == "ok"
        assert health["message"].startswith("the registry does not answer: nobody answers")
        shelf.champion = None
        client.app.state.watcher.look()  # type: ignore[attr-defined]
        assert "the last one goes on answering" in client.get("/health").json()["message"]


def test_the_oldest_rows_are_let_go_when_more_come_than_are_kept() -> None:
    with asking(Shelf(v1=memory()), limits=Limits(kept_rows=4)) as client:
        for item in ("a", "b", "b"):
            rows = [{"user": "ann", "item": item}] * 3
            client.post("/interactions", json={"interactions": rows})
        assert client.get("/health").json()["posted"] == 4
        answer = client.post("/recommend", json={"users": ["ann"]}).json()
    scores = {one["item"]: one["score"] for one in answer["lists"][0]["items"]}
    assert scores == {"b": 1.0 + 4.0, "a": 2.0}


def test_a_restart_keeps_what_was_posted(tmp_path: Path) -> None:
    path = tmp_path / "serving" / "posted.jsonl"
    with asking(Shelf(v1=memory()), journal=Journal(path)) as client:
        client.post("/interactions", json={"interactions": [{"user": "ann", "item": "b"}] * 2})
        client.post("/live", json={"off": ["a"]})
        before = client.post("/recommend", json={"users": ["ann"]}).json()
        with pytest.raises(ConfigError, match="another service keeps its posts there"):
            Journal(path)
    with path.open("a") as stream:
        stream.write('{"rows": [["ann", "b", 3')  # killed in the middle of a line
    with asking(Shelf(v1=memory()), journal=Journal(path)) as client:
        assert client.post("/recommend", json={"users": ["ann"]}).json() == before
        client.post("/interactions", json={"interactions": [{"user": "bob", "item": "a"}]})
    assert before["lists"][0]["items"] == [{"item": "b", "title": None, "score": 3.0, "rank": 1}]
    values = [json.loads(line) for line in path.read_text().splitlines()]
    assert sum(len(value.get("rows", [])) for value in values) == 3


def test_a_damaged_line_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "posted.jsonl"
    good = json.dumps({"rows": [["ann", "b", 3, 3, 1.0]]})
    path.write_text(f'{good}\n[1]\n{{"rows": [["ann"]]}}\n{{"live": 3}}\n{good}\n')
    journal = Journal(path)
    posted, rows = journal.read()
    journal.close()
    assert posted.said == ()
    assert rows == [Row("ann", "b", 3, 3, 1.0)] * 2


def test_a_line_that_does_not_fit_on_the_disk_leaves_none_of_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "posted.jsonl")
    journal.rows([Row("ann", "b", 3, 3, 1.0)])
    before = journal.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 10):
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, limits[1]))
        try:
            with pytest.raises(StoreError, match=r"posted.jsonl: .*; free space, or serve without"):
                journal.rows([Row("ann", "b", 4, 4, 1.0)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert journal.path.read_bytes() == before
    journal.rows([Row("ann", "b", 5, 5, 1.0)])
    assert [row.time for row in journal.read()[1]] == [3, 5]
    journal.close()


def test_a_post_that_cannot_be_kept_does_not_count(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "posted.jsonl")
    with asking(Shelf(v1=memory()), journal=journal) as client:
        journal.close_file()
        journal.path = tmp_path  # a folder takes no line
        reply = client.post("/interactions", json={"interactions": [{"user": "ann", "item": "b"}]})
        assert (reply.status_code, reply.json()["error"]) == (503, "not_kept")
        assert client.get("/health").json()["posted"] == 0
        assert client.post("/live", json={"off": ["a"]}).status_code == 503
        answer = client.post("/recommend", json={"users": ["ann"]}).json()
    assert [one["score"] for one in answer["lists"][0]["items"]] == [2.0, 1.0]
