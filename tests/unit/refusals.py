"""A service that knows three rows, and what every refusal looks like."""

from typing import Any

from onstage.availability.index import AvailabilityIndex
from onstage.data.clock import Clock
from onstage.models.memory import Memory, MemoryConfig
from onstage.serving.bundle import Bundle
from onstage.testing.examples import log


TOKEN = "a-token-of-some-length"  # noqa: S105


def numbers(clock: Clock | None = None) -> Bundle:
    data = log([(1, 10, 0), (1, 11, 1), (2, 10, 2)])
    if clock is not None:
        data = type(data)(
            data.users, data.items, clock, data.user, data.item, data.time, data.weight
        )
    return Bundle(Memory(MemoryConfig()).fit(data), AvailabilityIndex.everything(data.n_items))


def refused(reply: Any, status: int, rule: str) -> None:
    assert reply.status_code == status, reply.text
    assert set(reply.json()) == {"error", "message", "request"}
    assert rule in reply.json()["message"]
    assert reply.json()["request"] == reply.headers["x-request-id"]
    assert "Traceback" not in reply.text
    assert "\n" not in reply.json()["message"]
