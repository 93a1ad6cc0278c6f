"""Figures for Prometheus."""

from collections.abc import Callable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)


BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends in seconds."""
OTHER: Final = "other"
"""Stands for every path that is none of ours, so that nobody can fill the memory with names."""


class Telemetry:
    """One service's figures; several services in a process have their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        here = self.registry
        self.requests = Counter(
            "onstage_requests", "Requests by path and status.", ["path", "status"], registry=here
        )
        self.seconds = Histogram(
            "onstage_request_seconds",
            "Seconds a request took.",
            ["path"],
            buckets=BUCKETS,
            registry=here,
        )
        self.users = Counter(
            "onstage_users_answered", "Users who got a list.", ["fallback"], registry=here
        )
        self.champions = Counter(
            "onstage_champions", "Champions that began to answer.", registry=here
        )
        self.failed = Counter("onstage_failed_loads", "Champions that did not load.", registry=here)
        self.champion = Info("onstage_champion", "Who answers.", registry=here)

    def entered(self, version: str, algorithm: str) -> None:
        """Note that a champion answers from now on."""
        self.champions.inc()
        self.champion.info({"version": version, "algorithm": algorithm})

    def asked(self, path: str, status: int, seconds: float) -> None:
        """Note a request."""
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def watch(self, name: str, what: str, now: Callable[[], float]) -> None:
        """Show a number that is asked for whenever somebody looks."""
        Gauge(f"onstage_{name}", what, registry=self.registry).set_function(now)

    def page(self) -> bytes:
        """All figures in the text format."""
        return generate_latest(self.registry)
