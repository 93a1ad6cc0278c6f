"""Two weeks of production on real servers: a retrain a night, and a client that keeps asking."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flows.stack.process import healthy
from flows.stack.stack import Stack
from onstage.errors import OrchestrationError, TrackingError
from onstage.pipeline.promoting import audit_of, registry_of
from onstage.pipeline.rehearsal import Stage
from onstage.pipeline.workspace import Workspace
from onstage.registry.enact import rollback
from onstage.tracking.greeting import ask


DEPLOYMENT: Final = "retrain/nightly"
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
PATIENCE: Final = 1800.0
"""Seconds in which a night's retrain must have ended."""
EVERY: Final = 0.05
"""Seconds between two requests of the client."""
WHY: Final = "rehearsal: somebody did not like the new one"


@dataclass(frozen=True)
class Night:
    """What became of one retrain.

    Attributes
    ----------
    number
        From 1.
    story
        What was staged.
    state
        Prefect's word for the flow run's end.
    champion
        Who is served after it: version and model.
    flow_run
        Its id.
    """

    number: int
    story: tuple[str, ...]
    state: str
    champion: str | None
    flow_run: str

    @property
    def line(self) -> str:
        """The night on one line."""
        staged = f" ({'; '.join(self.story)})" if self.story else ""
        return f"night {self.number:2d}  {self.state:<9}  champion {self.champion}{staged}"


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
    nights: list[Night] = []
    try:
        for number in range(1, stage.plan.nights + 1):
            nights.append(_night(stack, stage, number))
            say(nights[-1])
            if number == 1:
                stack.start("serve")
                stack.processes["serve"].wait_until(healthy(stack.serve_url, "/health"))
                client.start()
    finally:
        client.stop()
    return nights, client


def _night(stack: Stack, stage: Stage, number: int) -> Night:
    workspace = Workspace.open(stage.config)
    name = workspace.registered_model
    registry = registry_of(workspace)
    _, story = stage.arrive(number)
    if number == stage.plan.rollback:
        entry = rollback(registry, audit_of(workspace), name, WHY)
        story = (*story, f"rolled back in the morning from v{entry.before} to v{entry.after}")
    flow_run = stack.order(DEPLOYMENT, config=str(stage.config))
    state = _ended(stack, flow_run)
    champion = registry.champion(name)
    served = None if champion is None else f"v{champion.version} {champion.model}"
    return Night(number, tuple(story), state, served, flow_run)


def _ended(stack: Stack, flow_run: str) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = str(stack.ask_prefect(f"/flow_runs/{flow_run}")["state_type"])
        if state in ENDED:
            return state
        time.sleep(1)
    message = f"flow run {flow_run} did not end within {PATIENCE:.0f} s; see {stack.folder}"
    raise OrchestrationError(message)
