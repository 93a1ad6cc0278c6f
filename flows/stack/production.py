"""Two weeks of production on real servers: a retrain a night, and a client that keeps asking."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flows.rehearsal import rehearsed
from flows.stack.process import healthy
from flows.stack.stack import Stack
from onstage.errors import OnstageError, OrchestrationError, TrackingError
from onstage.pipeline.novelty import nothing_new
from onstage.pipeline.outcome import Outcome, previous, recall
from onstage.pipeline.rehearsal import Stage
from onstage.pipeline.workspace import Workspace
from onstage.reporting.timeline import Night
from onstage.tracking.greeting import ask


DEPLOYMENT: Final = "retrain/nightly"
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
PATIENCE: Final = 1800.0
"""Seconds in which a night's retrain must have ended."""
EVERY: Final = 0.05
"""Seconds between two requests of the client."""


@dataclass
class Client:
    """Somebody who asks for recommendations again and again, and counts what comes back.

    Attributes
    ----------
    answered
        Requests by the version of the champion that answered.
    failed
        Requests that got no list: each with what was said.
    """

    url: str
    answered: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, for the first of the champion's users."""
        user = ask(self.url, "/users?most=1").json()["users"][0]
        question = {"users": [user["user"] if isinstance(user, dict) else user], "k": 5}
        self._thread = threading.Thread(target=self._go_on, args=(question,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(30)

    def _go_on(self, question: dict[str, Any]) -> None:
        while not self._over.wait(EVERY):
            try:
                answer = ask(self.url, "/recommend", question=question, seconds=15)
            except (TrackingError, http.client.HTTPException) as error:
                self.failed.append(str(error))
                continue
            if answer.status != 200:  # noqa: PLR2004  # HTTP's
                self.failed.append(f"HTTP {answer.status}: {answer.text[:200]}")
                continue
            self.answered[str(json.loads(answer.text)["version"])] += 1


def played(stack: Stack, stage: Stage, say: Callable[[Night], None]) -> tuple[list[Night], Client]:
    """Play every night through the deployment, with the service answering from the first on.

    Parameters
    ----------
    stack
        Running, its worker too; the service is started when there is a champion.
    stage
        Its configuration is written.
    say
        Told each night when it is over.

    Raises
    ------
    OrchestrationError
        If a night does not end.
    """
    client = Client(stack.serve_url)

    def told(night: Night) -> None:
        say(night)
        if night.number == 1:
            stack.start("serve")
            stack.processes["serve"].wait_until(healthy(stack.serve_url, "/health"))
            client.start()

    try:
        return rehearsed(stage, told, lambda stage: _ordered(stack, stage)), client
    finally:
        client.stop()


def _ordered(stack: Stack, stage: Stage) -> Outcome:
    """A retrain through the deployment and its worker: what it left in the home they share."""
    workspace = Workspace.open(stage.config)
    before = previous(workspace)
    run = _ended(stack, stack.order(DEPLOYMENT, config=str(stage.config)))
    if run["state_type"] != "COMPLETED":
        raise OnstageError(str(run["state"]["message"]).rpartition("exception: ")[2])
    after = recall(workspace)
    if before is not None and before.run == after.run:  # it ended at once
        return nothing_new(workspace) or after
    return after


def _ended(stack: Stack, flow_run: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        run: dict[str, Any] = stack.ask_prefect(f"/flow_runs/{flow_run}")
        if run["state_type"] in ENDED:
            return run
        time.sleep(1)
    message = f"flow run {flow_run} did not end within {PATIENCE:.0f} s; see {stack.folder}"
    raise OrchestrationError(message)
