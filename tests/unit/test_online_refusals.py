"""Requests that break a rule: refused in one line of JSON, without a trace."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from onstage.data.clock import Clock
from onstage.serving.online.limits import Limits
from onstage.testing.online import Shelf, asking
from tests.unit.refusals import numbers, refused


@pytest.fixture
def client() -> Iterator[TestClient]:
    with asking(Shelf(v1=numbers()), limits=Limits(body_bytes=4096)) as client:
        yield client


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "body.users: Field required"),
        ({"users": []}, "body.users: List should have at least 1 item"),
        ({"users": list(range(257))}, "body.users: List should have at most 256 items"),
        ({"users": [1], "k": 0}, "body.k: Input should be greater than or equal to 1"),
        ({"users": [1], "k": 10**9}, "body.k: Input should be less than or equal to 1000"),
        ({"users": [1], "k": "5"}, "body.k: Input should be a valid integer"),
        ({"users": [1], "k": True}, "body.k: Input should be a valid integer"),
        ({"users": [1.5]}, "body.users.0"),
        ({"users": [None]}, "body.users.0"),
        ({"users": [2**63]}, "body.users.0"),
        ({"users": "ann"}, "body.users: Input should be a valid list"),
        ({"users": ["ann"]}, "user 'ann': the users of this data are integers"),
        ({"users": ["9" * 30]}, "the users of this data are integers"),
        ({"users": ["x" * 201]}, "body.users.0"),
        ({"users": [1], "at": "tonight"}, "time 'tonight': this log counts steps"),
        ({"users": [1], "at": "9" * 39}, "beyond what this log can count"),
        ({"users": [1], "at": -(2**62)}, "beyond what this log can count"),
        ({"users": [1], "live": ["x"]}, "item 'x': the items of this data are integers"),
        ({"users": [1], "repeat": {"kind": "never"}}, "body.repeat.kind"),
        ({"users": [1], "repeat": {"kind": "cooldown"}}, "repeat.cooldown_hours goes with"),
        ({"users": [1], "n": 5}, "body.n: Extra inputs are not permitted"),
        ([], "body: Input should be a valid dictionary"),
        (None, "body: Field required"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_in_one_line(
    client: TestClient, body: Any, rule: str
) -> None:
    refused(client.post("/recommend", json=body), 422, rule)


@pytest.mark.parametrize(
    "body",
    [
        b'{"users": [1]',
        b"\xff\xfe",
        b'{"users": ["\\ud800"]}',
        b'{"users": [1], "repeat": {"kind": "cooldown", "cooldown_hours": NaN}}',
        b'{"users": [' + b"9" * 4000 + b"]}",
        b"[" * 3000,
        b'{"\\ud800": 1, "users": [1]}',
        b"",
    ],
)
def test_a_body_that_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    reply = client.post("/recommend", content=body, headers={"content-type": "application/json"})
    assert reply.status_code in {400, 422}
    refused(reply, reply.status_code, "")


def test_a_plain_form_of_another_page_is_refused(client: TestClient) -> None:
    body = json.dumps({"off": [10]}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        refused(client.post("/live", content=body, headers={"content-type": kind}), 422, "body")


@pytest.mark.parametrize(
    "at", ["2024-06-01T20:00:00", "0001-01-01T00:00:00+23:59", 2**61, -1 << 60]
)
def test_an_instant_outside_the_calendar_is_refused(at: Any) -> None:
    with asking(Shelf(v1=numbers(Clock()))) as client:
        refused(client.post("/recommend", json={"users": [1], "at": at}), 422, "time")


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    large = b"[" + b"1," * 5_000_000 + b"1]"
    head = {"content-type": "application/json"}
    refused(client.post("/recommend", content=large, headers=head), 413, "at most 4096 bytes")

    def pieces() -> Iterator[bytes]:
        yield from (b"x" * 1000 for _ in range(10))

    refused(client.post("/recommend", content=pieces(), headers=head), 413, "at most 4096 bytes")


def test_an_end_before_its_start_is_refused_and_no_row_counts(client: TestClient) -> None:
    rows = [{"user": 1, "item": 10}, {"user": 1, "item": 10, "at": 5, "ends": 4}]
    reply = client.post("/interactions", json={"interactions": rows})
    refused(reply, 422, "interactions.1: ends 4 lies before its start")
    assert client.get("/health").json()["posted"] == 0


def test_what_is_not_there_is_said(client: TestClient) -> None:
    refused(client.get("/nowhere"), 404, "Not Found")
    refused(client.get("/recommend"), 405, "Method Not Allowed")
    refused(client.post("/explain", json={"user": 1, "item": 99}), 404, "item 99: the champion")
    refused(client.get("/board?most=0"), 422, "query.most")
    refused(client.get("/users?most=x"), 422, "query.most")
