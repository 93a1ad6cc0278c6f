"""Who is live: by the windows, by the request, by what was posted."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from onstage.availability.index import AvailabilityIndex
from onstage.errors import ConfigError
from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.board import Board
from onstage.testing.examples import log
from onstage.testing.online import Shelf, asking


def bundle() -> Bundle:
    """Items 0 to 3, each watched once in hour 0; 0 and 1 are live in hours 5 to 9."""
    data = log([(7, item, 0) for item in range(4)])
    starts, ends = np.full(2, 5), np.full(2, 10)
    index = AvailabilityIndex.merged(data.n_items, np.array([0, 1]), starts, ends)
    return Bundle(Memory(MemoryConfig()).fit(data), index)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with asking(Shelf(v1=bundle()), at="5") as client:
        yield client


def live(client: TestClient, **more: Any) -> set[int]:
    reply = client.post("/recommend", json={"users": [7], **more})
    assert reply.status_code == 200, reply.text
    return {one["item"] for one in reply.json()["lists"][0]["items"]}


def test_the_windows_say_who_is_live_until_somebody_posts(client: TestClient) -> None:
    assert live(client) == {0, 1}
    assert live(client, at=10) == set()
    assert live(client, live=[3, 2]) == {2, 3}


def test_who_went_live_or_offline_counts_in_the_next_answer(client: TestClient) -> None:
    told = client.post("/live", json={"on": [3, 99], "off": [0]}).json()
    assert told == {"live_items": 2, "unknown": 1}
    assert live(client) == {1, 3}
    client.post("/live", json={"on": [0], "off": ["3"]})
    assert live(client) == {0, 1}


def test_a_post_counts_from_its_instant_on_and_leaves_the_past_alone(client: TestClient) -> None:
    client.post("/live", json={"on": [3], "off": [0]})
    assert live(client, at=4) == set()
    assert live(client, at=12) == {3}


def test_a_whole_list_replaces_the_windows_and_reset_brings_them_back(client: TestClient) -> None:
    client.post("/live", json={"on": [3]})
    client.post("/live", json={"only": [2], "on": [3]})
    assert live(client) == {2, 3}
    client.post("/live", json={"off": [2]})
    assert live(client) == {3}
    client.post("/live", json={"reset": True})
    assert live(client) == {0, 1}


def test_the_board_shows_who_is_live_and_who_was_taken_offline(client: TestClient) -> None:
    client.post("/live", json={"on": [3], "off": [0]})
    told = client.get("/board").json()
    assert told["live_items"] == 2
    assert {(one["item"], one["live"], one["posted"]) for one in told["items"]} == {
        (0, False, True), (1, True, False), (3, True, True),
    }  # fmt: skip
    assert len(client.get("/board?most=1").json()["items"]) == 1


@pytest.mark.parametrize(
    ("post", "rule"),
    [
        ({"on": [1], "off": ["1"]}, "'1' is both on and off"),
        ({"only": [1], "reset": True}, "reset and only contradict each other"),
        ({"on": ["somebody"]}, "item 'somebody': the items of this data are integers"),
        ({"went_live": [1]}, "went_live: Extra inputs are not permitted"),
    ],
)
def test_a_post_that_makes_no_sense_is_refused(
    client: TestClient, post: dict[str, Any], rule: str
) -> None:
    reply = client.post("/live", json=post)
    assert reply.status_code == 422
    assert rule in reply.json()["message"]
    assert live(client) == {0, 1}


def test_no_more_items_are_kept_than_may_be() -> None:
    board = Board(kept=3)
    board.posted = board.with_post(0, on=[1, 2])
    with pytest.raises(ConfigError, match="4 items posted, at most 3 are kept"):
        board.with_post(0, off=[3, 4])
    assert board.with_post(0, only=range(9), off=[3]).only == tuple(range(9))


POSTS = st.lists(
    st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 3), st.booleans()), max_size=8
)


@given(posts=POSTS, tick=st.integers(0, 12))
def test_the_live_set_is_what_the_windows_and_the_newest_words_say(
    posts: list[tuple[int, bool, int, bool]], tick: int
) -> None:
    made, board = bundle(), Board(kept=100)
    posts = sorted(posts, key=lambda post: post[0])
    said: dict[int, tuple[int, bool]] = {}
    for at, on, item, reset in posts:
        board.posted = board.with_post(at, on=[item] * on, off=[item] * (not on), reset=reset)
        said = {} if reset else said
        said[item] = at, on
    expected = {0, 1} if 5 <= tick < 10 else set()
    for item, (at, on) in said.items():
        if at <= tick:
            expected = expected | {item} if on else expected - {item}
    assert set(board.live_at(made, tick).tolist()) == expected
