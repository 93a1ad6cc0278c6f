"""What every task does besides its work: one log line, and a retry only where it can help."""

from typing import Any

from prefect import get_run_logger
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from onstage.data.store import Reference
from onstage.errors import OnstageError, OrchestrationError


def report(made: Reference) -> Reference:
    """Log what a step made, or that it stood there already."""
    counts = ", ".join(f"{name} {value}" for name, value in made.counts.items())
    verb = "reused" if made.reused else "made"
    get_run_logger().info("%s %s %s: %s", made.step, verb, made.key[:12], counts)
    return made


def outside_failed(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """Retry connections and the like; never an error of ours that a retry would only repeat.

    A flow joins its cluster once: one that is not there, or is gone, stays so for all its tasks.
    """
    problem = state.result(raise_on_failure=False)
    if isinstance(problem, OrchestrationError):
        return False
    if isinstance(problem, OnstageError):
        return isinstance(problem, ConnectionError)
    return isinstance(problem, OSError)
