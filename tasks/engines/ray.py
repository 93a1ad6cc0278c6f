"""Ray: a cluster on this machine, or one that is there, through prefect-ray."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Any, ClassVar, TypeVar

import ray
from prefect.tasks import Task
from prefect_ray import RayTaskRunner
from ray.exceptions import (
    NodeDiedError,
    OutOfMemoryError,
    RaySystemError,
    WorkerCrashedError,
)
from typing_extensions import override

from onstage.config import RunnerConfig
from tasks.engines.engine import Engine, look


T = TypeVar("T")

_HERE = "local"
"""A cluster of our own; without an address Ray would join whatever it finds on the machine."""
_LOOK = 0.5
"""Seconds between two looks at whether the flow has ended."""
_PATIENCE = 10.0
"""Seconds that whoever waits for a task is given to stop waiting."""


class RayEngine(Engine):
    """Runs tasks as Prefect's task runner for Ray does."""

    kind: ClassVar[str] = "ray"
    failures: ClassVar[tuple[type[Exception], ...]] = (*Engine.failures, RaySystemError)

    @override
    def __init__(self, runner: RunnerConfig, home: Path) -> None:
        self._inside = 0
        self._quiet = Condition()
        self._leaving = False
        super().__init__(runner, home)

    @override
    def _made(self, runner: RunnerConfig) -> RayTaskRunner[Any]:
        return RayTaskRunner(runner.address or _HERE, _options(runner))

    @override
    def _enter(self) -> None:
        self._runner.__enter__()

    @override
    def _look(self, home: str) -> dict[str, str]:
        return {"a worker": str(ray.get(ray.remote(look).remote(home)))}

    @override
    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        with self._at_work():
            return self._result(task, parameters)

    def _result(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        try:
            future = self._runner.submit(task, parameters)
            self._await(future.wrapped_future)
            made: T = future.result()
        except (WorkerCrashedError, NodeDiedError, OutOfMemoryError) as error:
            raise self._lost() from error
        except RaySystemError as error:
            raise self._gone() from error
        return made

    def _await(self, wanted: Any) -> None:  # noqa: ANN401  # Ray's reference
        """Wait in short looks: Ray breaks the process that leaves while somebody waits."""
        while not ray.wait([wanted], timeout=_LOOK)[0]:
            if self._leaving:
                ray.cancel(wanted, force=True)
                why = "the flow ended before the task did"
                raise self._unusable(why)

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

    @override
    def close(self) -> None:
        """Stop what is running, and leave the cluster."""
        self._leaving = True
        with self._quiet:
            self._quiet.wait_for(lambda: self._inside == 0, timeout=_PATIENCE)
        super().close()


def _options(runner: RunnerConfig) -> dict[str, Any]:
    if runner.address:
        return {"log_to_driver": False}
    return {"num_cpus": runner.workers, "include_dashboard": False, "log_to_driver": False}
