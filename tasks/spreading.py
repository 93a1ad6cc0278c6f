"""Tasks on a cluster: it is started or joined when the first one comes, and left with the block."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any, Self, TypeVar

from prefect.tasks import Task
from typing_extensions import override

from onstage.pipeline.workspace import Workspace
from tasks.engines.engine import Engine
from tasks.trial import fill_place


if TYPE_CHECKING:
    from onstage.tuning.worker import Job


logger = logging.getLogger(__name__)

T = TypeVar("T")


class Cluster:
    """The cluster of a flow.

    Parameters
    ----------
    workspace
        Whose configuration has the runner.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace.travelling()
        """What a task is given: it means the same on every machine that shares the home."""
        self._runner = workspace.config.runner
        self._pool = ThreadPoolExecutor(self._runner.workers, thread_name_prefix="task")
        self._lock = Lock()
        self._engine: Engine | None = None

    @override
    def __reduce__(self) -> tuple[type[Self], tuple[Workspace]]:
        """What a task was given travels with it; there, this is a cluster nobody has joined."""
        return type(self), (self.workspace,)

    def submit(self, task: Task[..., T], **parameters: Any) -> Future[T]:  # noqa: ANN401
        """Run `task` there; at most ``runner.workers`` of them at the same time.

        The future raises what the task raised; LostError, if its process died;
        OrchestrationError, if the cluster cannot be reached.
        """
        return self._pool.submit(copy_context().run, self._run, task, parameters)

    def dispatch(self, job: "Job", slot: int) -> Future[None]:
        """Fill a place of a study's budget there."""
        return self.submit(fill_place, job=job, slot=slot)

    def _run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        with self._lock:
            if self._engine is None:
                self._engine = self._opened()
        made: T = self._engine.run(task, parameters)
        return made

    def _opened(self) -> Engine:
        if self._runner.kind == "ray":
            from tasks.engines.ray import RayEngine

            return RayEngine(self._runner, self.workspace.settings.home)
        from tasks.engines.dask import DaskEngine

        return DaskEngine(self._runner, self.workspace.settings.home)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends, and with it what runs there."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            if self._engine is not None:
                self._engine.close()
        self._pool.shutdown()


@contextmanager
def spread(workspace: Workspace) -> Iterator[Cluster | None]:
    """The cluster that the configuration names, while the block runs; None for ``local``."""
    if not workspace.config.runner.spreads:
        yield None
        return
    cluster = Cluster(workspace)
    try:
        yield cluster
    finally:
        cluster.close()
