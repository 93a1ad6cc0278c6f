"""Ray: a cluster on this machine, or one that is there, through prefect-ray."""

from pathlib import Path
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
        try:
            made: T = self._runner.submit(task, parameters).result()
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError) as error:
            message = f"a worker of {self.place} died in it, and so did those that tried again"
            raise LostError(message) from error
        except RaySystemError as error:
            message = f"runner ray at {self.place}: the cluster is gone; give the command again"
            raise OrchestrationError(message) from error
        return made

    def close(self) -> None:
        """Leave the cluster."""
        self._runner.__exit__(None, None, None)


def _options(runner: RunnerConfig) -> dict[str, Any]:
    if runner.address:
        return {"log_to_driver": False}
    return {"num_cpus": runner.workers, "include_dashboard": False, "log_to_driver": False}
