"""Whatever comes, the service answers as its own description says, and never with a fault."""

import json
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from onstage.availability.index import AvailabilityIndex
from onstage.models.ease import Ease, EaseConfig
from onstage.serving.bundle import Bundle
from onstage.serving.online.app import application
from onstage.testing.examples import log
from onstage.testing.online import Shelf, asking


schemathesis = pytest.importorskip("schemathesis", reason="the extra `dev` is not up to date")
checks = pytest.importorskip("schemathesis.checks")
checks.load_all_checks()

pytestmark = pytest.mark.filterwarnings("default")


def ann_and_bob() -> Bundle:
    data = log([("ann", "s7", 0), ("ann", "s9", 1), ("bob", "s7", 2), ("bob", "s1", 3)])
    model = Ease(EaseConfig(regularization=1.0)).fit(data)
    return Bundle(model, AvailabilityIndex.from_interactions(data))


SHELF = Shelf(v1=ann_and_bob())
DESCRIBED = schemathesis.openapi.from_dict(application(SHELF).openapi())


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with asking(SHELF) as client:
        yield client


LAX = [
    checks.positive_data_acceptance,  # a described instant or item may be none of this data
]
"""And a body that is both wrong and larger than allowed may be refused for its size (413)."""


@DESCRIBED.parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_as_the_description_says(case: Any, client: TestClient) -> None:
    asked = case.as_transport_kwargs(base_url="http://127.0.0.1", headers={"host": "127.0.0.1"})
    body = asked.pop("data", None)
    if isinstance(body, str | bytes):
        asked["content"] = body
    asked.pop("cookies", None)
    response = client.request(**{name: value for name, value in asked.items() if value is not None})
    size = [checks.negative_data_rejection] if response.status_code == 413 else []
    case.validate_response(response, excluded_checks=[*LAX, *size])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["ann", "s7", "now", "last", "exclude", "cooldown"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(string.ascii_lowercase, max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = (
    "users", "at", "k", "live", "repeat", "user", "item", "on", "off", "only", "reset",
    "interactions", "kind", "cooldown_hours", "ends", "weight",
)  # fmt: skip
PATHS = ("/recommend", "/similar", "/explain", "/live", "/interactions")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PATHS), body=JSON | st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_json_brings_it_down(client: TestClient, path: str, body: Any) -> None:
    reply = client.post(
        path, content=json.dumps(body).encode(), headers={"content-type": "application/json"}
    )
    assert reply.status_code in {200, 400, 404, 409, 422}, reply.text
    if reply.status_code != 200:
        assert set(reply.json()) == {"error", "message", "request"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from((*PATHS, "/", "/nowhere")), body=st.binary(max_size=200))
def test_no_bytes_bring_it_down(client: TestClient, path: str, body: bytes) -> None:
    reply = client.post(path, content=body, headers={"content-type": "application/json"})
    assert reply.status_code in {200, 400, 404, 405, 422}, reply.text
    assert "Traceback" not in reply.text
