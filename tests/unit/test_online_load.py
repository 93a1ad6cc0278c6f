"""Too many, too slow, faulty: what is said, and what stands in the log."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import islice
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.app import application
from onstage.serving.online.limits import Limits
from onstage.serving.online.log_lines import JsonLines
from onstage.testing.online import Shelf, asking
from tests.unit.refusals import TOKEN, numbers, refused


class Slow(Memory):
    """Answers when it is let go."""

    let_go = Event()

    def _remembered(self, requests: Any) -> Any:
        assert self.let_go.wait(30)
        return super()._remembered(requests)


@contextmanager
def slow(limits: Limits) -> Iterator[TestClient]:
    """A service whose threads are held up until :attr:`Slow.let_go` is set."""
    made = numbers()
    Slow.let_go.set()
    bundle = Bundle(Slow(MemoryConfig()).fit(made.model.dataset), made.availability)
    with asking(Shelf(v1=bundle), limits=limits) as client:
        Slow.let_go.clear()
        try:
            yield client
        finally:
            Slow.let_go.set()


def test_when_too_many_ask_at_once_the_rest_are_told_to_come_again() -> None:
    limits = Limits(threads=1, waiting=1, timeout_seconds=30)
    with slow(limits) as client, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.post, "/recommend", json={"users": [1]}) for _ in range(6)]
        refusals = [one.result() for one in islice(as_completed(asked), 4)]  # 1 answers, 1 waits
        for one in refusals:
            refused(one, 503, "all 2 places are taken; ask again in a second")
            assert one.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200
        Slow.let_go.set()
        replies = [one.result() for one in asked]
    assert sorted(one.status_code for one in replies) == [200, 200, 503, 503, 503, 503]


def test_a_request_that_takes_too_long_is_given_up_and_its_place_is_free_when_it_is_done() -> None:
    limits = Limits(threads=1, waiting=0, timeout_seconds=0.2)
    with slow(limits) as client:
        refused(client.post("/recommend", json={"users": [1]}), 503, "no answer within 0.2 s")
        refused(client.post("/recommend", json={"users": [1]}), 503, "all 1 places are taken")
        Slow.let_go.set()
        end = time.monotonic() + 20
        while client.post("/recommend", json={"users": [1]}).status_code != 200:
            assert time.monotonic() < end


class Faulty(Memory):
    """Cannot answer about user 2."""

    def _remembered(self, requests: Any) -> Any:
        if (requests.users == 1).any():  # the position of user 2
            message = "index 7 is out of bounds"
            raise IndexError(message)
        return super()._remembered(requests)


def test_a_fault_of_ours_shows_no_trace_and_is_logged_with_its_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = numbers()
    faulty = Bundle(Faulty(MemoryConfig()).fit(made.model.dataset), made.availability)
    with asking(Shelf(v1=faulty)) as client:
        reply = client.post("/recommend", json={"users": [2]}, headers={"x-request-id": "abc-1"})
        refused(reply, 500, "its log has the request's number")
        assert reply.json()["request"] == "abc-1"
        assert client.post("/recommend", json={"users": [1]}).status_code == 200
    assert "request abc-1 failed" in caplog.text


def test_the_log_is_json_with_number_and_time_and_without_token_or_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="onstage")
    head = {"authorization": f"Bearer {TOKEN}", "x-request-id": "a b\nc"}
    with asking(Shelf(v1=numbers()), token=TOKEN) as client:
        reply = client.post("/recommend?token=hidden", json={"users": [4711]}, headers=head)
        client.get("/secret/path", headers={"authorization": "Bearer guess-guess-guess"})
    lines = [JsonLines().format(record) for record in caplog.records]
    found = [json.loads(line) for line in lines]
    asked = next(one for one in found if one.get("path") == "/recommend")
    assert asked["request"] == reply.headers["x-request-id"] != head["x-request-id"]
    assert (asked["status"], asked["users"], asked["k"], asked["version"]) == (200, 1, 10, "1")
    assert asked["milliseconds"] > 0
    assert {one["status"] for one in found if one.get("path") == "other"} == {401}
    text = "".join(lines)
    for secret in (TOKEN, "4711", "hidden", "guess", "secret"):
        assert secret not in text


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(30)

    async def keep(message: Any) -> None:
        sent.append(message)

    app = application(Shelf(), limits=Limits(timeout_seconds=0.05))
    scope = {
        "type": "http", "method": "POST", "path": "/recommend", "raw_path": b"/recommend",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"content-length", b"100")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "app": app,
    }  # fmt: skip
    asyncio.run(app(scope, never, keep))
    assert [one.get("status") for one in sent] == [408, None]
    assert json.loads(sent[1]["body"])["message"] == "the body did not arrive within 0.05 s"
