"""Ray: a cluster on this machine, or one that is there, through prefect-ray."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Any, TypeVar

import ray
from prefect.tasks import Task
from prefect_ray import RayTaskRunner
from ray.exceptions import (
    NodeDiedError,
    OutOfMemoryError,
    RaySystemError,
    WorkerCrashedError,
)

from onstage.config import RunnerConfig
from onstage.errors import LostError, OrchestrationError
from tasks.engines.engine import TOKEN, look, probe


T = TypeVar("T")

_LOOK = 0.5
"""Seconds between two looks at whether the flow has ended."""
_PATIENCE = 10.0
"""Seconds that whoever waits for a task is given to stop waiting."""


class RayEngine:
    """Runs tasks as Prefect's task runner for Ray does.

    Parameters
    ----------
    runner
        Its configuration.
    home
        Folder that all workers share.

    Raises
    ------
    OrchestrationError
        If nobody answers at the address, or a worker cannot do what is asked.
    """

    def __init__(self, runner: RunnerConfig, home: Path) -> None:
        if runner.address:
            probe("ray", runner.address)
        self.place = runner.address or "this machine"
        self._inside = 0
        self._quiet = Condition()
        self._leaving = False
        self._runner: Any = RayTaskRunner(runner.address, _options(runner))
        try:
            self._runner.__enter__()
            if runner.address:
                (home / TOKEN).touch()
                self._check(str(ray.get(ray.remote(look).remote(str(home)))))
        except (OSError, RuntimeError, ValueError, RaySystemError) as error:
            if isinstance(error, OrchestrationError):
                raise
            message = f"runner ray at {self.place}: {error}; start it, or check runner.address"
            raise OrchestrationError(" ".join(message.split())) from error

    def _check(self, problem: str) -> None:
        if problem:
            self.close()
            message = f"runner ray at {self.place}: a worker: {problem}"
            raise OrchestrationError(message)

    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        """Run a task on one of the workers, and wait for it."""
        with self._at_work():
            return self._result(task, parameters)

    def _result(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        try:
            future = self._runner.submit(task, parameters)
            self._await(future.wrapped_future)
            made: T = future.result()
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError) as error:
            message = f"a worker of {self.place} died in it, and so did those that tried again"
            raise LostError(message) from error
        except RaySystemError as error:
            message = f"runner ray at {self.place}: the cluster is gone; give the command again"
            raise OrchestrationError(message) from error
        return made

    def _await(self, wanted: Any) -> None:  # noqa: ANN401  # Ray's reference
        """Wait in short looks: Ray breaks the process that leaves while somebody waits."""
        while not ray.wait([wanted], timeout=_LOOK)[0]:
            if self._leaving:
                ray.cancel(wanted, force=True)
                message = f"runner ray at {self.place}: the flow ended before the task did"
                raise OrchestrationError(message)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._quiet:
            self._inside += 1
        try:
            yield
        finally:
            with self._quiet:
                self._inside -= 1
                self._quiet.notify_all()

    def close(self) -> None:
        """Stop what is running, and leave the cluster."""
        self._leaving = True
        with self._quiet:
            self._quiet.wait_for(lambda: self._inside == 0, timeout=_PATIENCE)
        self._runner.__exit__(None, None, None)


def _options(runner: RunnerConfig) -> dict[str, Any]:
    if runner.address:
        return {"log_to_driver": False}
    return {"num_cpus": runner.workers, "include_dashboard": False, "log_to_driver": False}
