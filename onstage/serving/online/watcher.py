"""Looks at the registry again and again, and brings a new champion on the stage."""

import logging
import time
from threading import Event, Thread
from typing import Final

from onstage.serving.online.source import Source
from onstage.serving.online.stage import Stage, Status
from onstage.serving.online.telemetry import Telemetry


logger = logging.getLogger(__name__)

PATIENCE: Final = 12
"""Looks after which a version that did not load is tried again."""
LONGEST_REST: Final = 30.0
"""Seconds between two renewals at most."""


class Watcher:
    """Two threads: one polls the registry, one renews models that look at everybody.

    Whatever goes wrong is said in the log and in /health; what answers goes on answering, and the
    threads go on.
    """

    def __init__(self, source: Source, stage: Stage, telemetry: Telemetry) -> None:
        self._source, self._stage, self._telemetry = source, stage, telemetry
        self._stop = Event()
        self._failed: tuple[str, int] | None = None
        self._threads = [
            Thread(target=self._poll, name="onstage-registry", daemon=True),
            Thread(target=self._renew, name="onstage-renewal", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; a load in progress is left to itself."""
        self._stop.set()

    def look(self) -> bool:
        """Look at the registry once; whether a new champion answers."""
        try:
            version = self._source.version()
        except Exception as error:  # noqa: BLE001  # the thread must outlive whatever a registry raises
            self._say("the registry does not answer", error)
            return False
        served = self._stage.standing.served
        if version is None:
            self._no_champion()
            return False
        if served is not None and served.version == version:
            self._failed = None
            self._stage.content()
            return False
        return self._is_due(version) and self._bring(version)

    def _bring(self, version: str) -> bool:
        began = time.perf_counter()
        try:
            served = self._stage.enter(self._source.load(version))
        except Exception as error:  # noqa: BLE001  # a damaged version must not end the service
            self._failed = version, PATIENCE
            self._telemetry.failed.inc()
            self._say(f"{self._source.name} v{version} does not load", error)
            return False
        self._failed = None
        self._telemetry.entered(served.version, served.algorithm)
        logger.info(
            "champion v%s (%s) answers, loaded in %.1f s",
            served.version,
            served.algorithm,
            time.perf_counter() - began,
        )
        return True

    def _is_due(self, version: str) -> bool:
        """Whether to try a version: one that failed is left alone for a while."""
        if self._failed is None or self._failed[0] != version:
            return True
        self._failed = version, self._failed[1] - 1
        return self._failed[1] <= 0

    def _no_champion(self) -> None:
        name = self._source.name
        if self._stage.standing.served is None:
            message = f"{name}: no champion yet; run `onstage retrain` or `onstage promote`"
        else:
            message = f"{name}: there is no champion any more; the last one goes on answering"
        self._complain("no champion", message)

    def _say(self, what: str, error: Exception) -> None:
        reason = " ".join(str(error).split()) or type(error).__name__
        self._complain("failed", f"{what}: {reason}")

    def _complain(self, status: Status, message: str) -> None:
        if self._stage.standing.message != message:
            logger.warning("%s", message)
        self._stage.complain(status, message)

    def _poll(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._stage.limits.poll_seconds)

    def _renew(self) -> None:
        while not self._stop.is_set():
            served = self._stage.standing.served
            if served is None or not served.everybody:
                self._stop.wait(0.5)
            elif served.wait_for_posts(0.5):
                began = time.perf_counter()
                try:
                    served.renew()
                except Exception as error:  # noqa: BLE001  # the older view goes on answering
                    logger.warning("posted rows are not counted: %s", error)
                self._stop.wait(min(time.perf_counter() - began, LONGEST_REST))
