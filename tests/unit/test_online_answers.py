"""What the service answers: titles, reasons, and what was posted a moment ago."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pandas as pd
import pytest
from starlette.testclient import TestClient

from onstage.availability.index import AvailabilityIndex
from onstage.columns import Columns
from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.limits import Limits
from onstage.testing.examples import log
from onstage.testing.online import Shelf, asking
from tests.unit.bundles import fitted


@pytest.fixture
def evening() -> Bundle:
    """Ann watched a twice and b once, bob a and c; nothing ever ends. Hours 0 to 4."""
    data = log(
        [("ann", "a", 0), ("ann", "a", 1), ("ann", "b", 2), ("bob", "a", 3), ("bob", "c", 4)]
    )
    return Bundle(Memory(MemoryConfig()).fit(data), AvailabilityIndex.from_interactions(data))


@pytest.fixture
def client(evening: Bundle) -> Iterator[TestClient]:
    shelf = Shelf(v7=evening)
    shelf.items = pd.DataFrame({Columns.ITEM: ["a", "b"], Columns.TITLE: ["Anna", "Ben"]})
    with asking(shelf) as client:
        yield client


def items_of(answer: Any) -> list[str]:
    return [one["item"] for one in answer["lists"][0]["items"]]


def items(reply: Any) -> list[str]:
    assert reply.status_code == 200, reply.text
    return items_of(reply.json())


def test_an_answer_names_its_version_instant_and_titles(client: TestClient) -> None:
    answer = client.post("/recommend", json={"users": ["ann"], "k": 2}).json()
    assert answer == {
        "version": "7",
        "algorithm": "memory",
        "at": "step 5",
        "live_items": 3,
        "lists": [
            {
                "user": "ann",
                "fallback": False,
                "items": [
                    {"item": "a", "title": "Anna", "score": 2.0, "rank": 1},
                    {"item": "b", "title": "Ben", "score": 1.0, "rank": 2},
                ],
            }
        ],
    }


def test_a_visit_posted_without_a_time_counts_at_once(client: TestClient) -> None:
    rows = [{"user": "ann", "item": "c"}] * 3
    client.post("/interactions", json={"interactions": rows})
    assert items(client.post("/recommend", json={"users": ["ann"]})) == ["c", "a", "b"]
    assert items(client.post("/recommend", json={"users": ["bob"]}))[0] == "a"


@pytest.mark.parametrize("at", ["last", "now", "3"])
def test_a_visit_counts_at_the_services_own_instant_whatever_it_is(
    evening: Bundle, at: str
) -> None:
    with asking(Shelf(v7=evening), at=at) as client:
        before = client.post("/recommend", json={"users": ["bob"]}).json()
        rows = [{"user": "bob", "item": "b"}] * 3
        client.post("/interactions", json={"interactions": rows})
        after = client.post("/recommend", json={"users": ["bob"]}).json()
    assert before["at"] == after["at"]
    assert (items_of(before)[0], items_of(after)[0]) == ("a", "b")


def test_what_was_posted_is_left_out_where_repeats_are(client: TestClient) -> None:
    client.post("/interactions", json={"interactions": [{"user": "bob", "item": "b"}]})
    asked = {"users": ["bob", "ann"], "repeat": {"kind": "exclude"}}
    lists = client.post("/recommend", json=asked).json()["lists"]
    assert [[i["item"] for i in one["items"]] for one in lists] == [[], ["c"]]


def test_a_request_about_the_past_does_not_see_what_was_posted_later(client: TestClient) -> None:
    client.post("/interactions", json={"interactions": [{"user": "ann", "item": "c", "at": 9}] * 5})
    assert items(client.post("/recommend", json={"users": ["ann"], "at": 9}))[0] == "a"
    assert items(client.post("/recommend", json={"users": ["ann"]}))[0] == "c"  # now is step 10


def test_a_row_that_was_trained_on_is_not_counted_twice(client: TestClient) -> None:
    rows = [{"user": "ann", "item": "b", "at": 2}] * 5
    client.post("/interactions", json={"interactions": rows})
    assert items(client.post("/recommend", json={"users": ["ann"]})) == ["a", "b", "c"]


def test_rows_of_unknown_users_and_items_are_kept_and_said(client: TestClient) -> None:
    rows = [
        {"user": "zoe", "item": "a"},
        {"user": "ann", "item": "new"},
        {"user": "y", "item": "z"},
    ]
    reply = client.post("/interactions", json={"interactions": rows}).json()
    assert reply == {"accepted": 3, "unknown_users": 2, "unknown_items": 1, "counted": True}
    assert client.get("/health").json()["posted"] == 3


def test_a_stranger_gets_what_is_popular_among_the_live(client: TestClient) -> None:
    answer = client.post("/recommend", json={"users": ["zoe"], "live": ["c", "a", "?"]}).json()
    assert answer["live_items"] == 2
    assert answer["lists"][0]["fallback"] is True
    assert [one["item"] for one in answer["lists"][0]["items"]] == ["a", "c"]


def test_a_user_named_twice_is_answered_once_and_nobody_live_is_an_empty_list(
    client: TestClient,
) -> None:
    answer = client.post("/recommend", json={"users": ["bob", "ann", "bob"], "live": []}).json()
    assert [(one["user"], one["items"]) for one in answer["lists"]] == [("bob", []), ("ann", [])]


def test_reasons_name_visits_and_say_where_there_is_no_sum(client: TestClient) -> None:
    client.post("/interactions", json={"interactions": [{"user": "ann", "item": "a"}]})
    why = client.post("/explain", json={"user": "ann", "item": "a"}).json()
    assert (why["own_visits"], why["own_last"], why["item_visits"]) == (3, "step 4", 3)
    assert (why["score"], why["title"], why["because"]) == (3.0, "Anna", None)
    assert "memory cannot explain a score" in why["note"]
    stranger = client.post("/explain", json={"user": "zoe", "item": "a"}).json()
    assert (stranger["score"], stranger["own_visits"]) == (None, 0)


def test_addends_sum_to_the_score() -> None:
    bundle = fitted("ease")
    with asking(Shelf(v1=bundle)) as client:
        why = client.post("/explain", json={"user": 3, "item": 2, "at": 50, "k": 2}).json()
    parts = [one["contribution"] for one in why["because"]]
    assert len(parts) == 2
    assert sum(parts) + why["others"]["contribution"] == pytest.approx(why["score"], rel=1e-5)
    expected = bundle.model.explain(3, 2, at=50).parts
    assert [one["item"] for one in why["because"]] == expected[Columns.ITEM].tolist()[:2]


def test_similar_items_are_those_of_the_model_and_none_of_an_unknown_one() -> None:
    bundle = fitted("item_knn")
    with asking(Shelf(v1=bundle)) as client:
        found = client.post("/similar", json={"item": "2", "k": 3}).json()
        strange = client.post("/similar", json={"item": 99}).json()
    expected = bundle.model.similar_items([2], k=3)
    assert [one["item"] for one in found["similar"]] == expected[Columns.SIMILAR].tolist()
    assert (found["item"], found["known"]) == (2, True)
    assert (strange["known"], strange["similar"]) == (False, [])


def test_what_a_model_cannot_do_is_said_in_one_line(client: TestClient) -> None:
    reply = client.post("/similar", json={"item": "a"})
    assert (reply.status_code, reply.json()["error"]) == (409, "cannot")
    assert reply.json()["message"] == "memory cannot compare items"


def test_users_to_choose_from_are_the_most_active(client: TestClient) -> None:
    assert client.get("/users", params={"most": 1}).json() == {"users": ["ann"]}


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert " src=" not in page.text


def test_figures_are_counted_for_prometheus(client: TestClient) -> None:
    client.post("/recommend", json={"users": ["ann", "zoe"]})
    client.get("/no/such/path")
    text = client.get("/metrics").text
    for line in (
        'onstage_requests_total{path="/recommend",status="200"} 1.0',
        'onstage_requests_total{path="other",status="404"} 1.0',
        'onstage_users_answered_total{fallback="yes"} 1.0',
        'onstage_champion_info{algorithm="memory",version="7"} 1.0',
        "onstage_live_items 3.0",
        "onstage_ready 1.0",
    ):
        assert line in text


def test_every_example_in_the_description_is_understood(client: TestClient) -> None:
    about = client.get("/openapi.json").json()
    bodies = about["components"]["schemas"]
    assert len([one for one in bodies.values() if "examples" in one]) == 5
    for path, name in (("/recommend", "AskedLists"), ("/similar", "AskedSimilar"),
                       ("/explain", "AskedReasons"), ("/live", "PostedLive"),
                       ("/interactions", "PostedRows")):  # fmt: skip
        for example in bodies[name]["examples"]:
            reply = client.post(path, json=example)
            assert reply.status_code != 422 or "time" in reply.json()["message"]


def test_a_model_that_looks_at_everybody_counts_posts_without_holding_up_others() -> None:
    made = fitted("ranker")
    slow = Event()
    limits = Limits(threads=1, settle_seconds=0.2)
    with asking(Shelf(v1=made), limits=limits) as client:
        served = client.app.state.stage.standing.ready()  # type: ignore[attr-defined]
        real = served.renew
        served.renew = lambda: slow.wait(20) and real()
        rows = {"interactions": [{"user": 3, "item": 2}]}
        with ThreadPoolExecutor(1) as pool:
            post = pool.submit(client.post, "/interactions", json=rows)
            assert client.post("/recommend", json={"users": [3]}).status_code == 200
            assert post.result().json()["counted"] is False
        assert client.get("/health").json()["pending"] == 1
        slow.set()
        end = time.monotonic() + 20
        while client.get("/health").json()["pending"]:
            assert time.monotonic() < end
