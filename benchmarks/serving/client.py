"""One who asks, and what came back."""

import http.client
import json
from dataclasses import dataclass, field

from benchmarks.serving.versions import Lists


class Client:
    """One connection, kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body; GET without a body to send."""
        method = "GET" if body is None else "POST"
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        return reply.status, reply.read()


@dataclass
class Tally:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    different: int = 0
    versions: set[str] = field(default_factory=set)
    largest: float = 0.0

    def add(self, status: int, body: bytes, user: int, expected: dict[str, Lists]) -> None:
        """Take an answer in."""
        if status != 200:
            self.errors += 1
            return
        told = json.loads(body)
        self.versions.add(told["version"])
        found = [(one["item"], one["score"]) for one in told["lists"][0]["items"]]
        wanted = expected[told["version"]][user]
        same = [item for item, _ in found] == [item for item, _ in wanted]
        self.different += not same
        gaps = [abs(a - b) for (_, a), (_, b) in zip(found, wanted, strict=False)]
        self.largest = max(self.largest, *gaps)


def metric(text: str, name: str) -> float:
    """A value among the server's metrics."""
    line = next(line for line in text.splitlines() if line.startswith(f"{name} "))
    return float(line.rsplit(" ", 1)[1])
