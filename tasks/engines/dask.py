"""Dask: a cluster on this machine, or one that is there, through prefect-dask."""

import logging
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, TypeVar

from distributed import KilledWorker
from distributed.comm.core import CommClosedError
from prefect.tasks import Task
from prefect_dask import DaskTaskRunner

from onstage.config import RunnerConfig
from onstage.errors import LostError, OrchestrationError
from tasks.engines.engine import TOKEN, look, probe


T = TypeVar("T")

_SECONDS = 15
"""How long an address may take to answer."""


class DaskEngine:
    """Runs tasks as Prefect's task runner for Dask does.

    Parameters
    ----------
    runner
        Its configuration.
    home
        Folder that all workers share.

    Raises
    ------
    OrchestrationError
        If nobody answers at the address, or its workers cannot do what is asked.
    """

    def __init__(self, runner: RunnerConfig, home: Path) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
        self.place = runner.address or "this machine"
        if runner.address:
            probe("dask", runner.address)
        self._runner = _joined(runner.address) if runner.address else _started(runner)
        self._runner.__enter__()
        try:
            client = self._runner.client
            if runner.address:
                (home / TOKEN).touch()
                _check(client.run(look, str(home)), self.place)
        except (OSError, TimeoutError, ValueError) as error:
            self.close()
            if isinstance(error, OrchestrationError):
                raise
            message = f"runner dask at {self.place}: {error}; start it, or check runner.address"
            raise OrchestrationError(" ".join(message.split())) from error

    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        """Run a task on one of the workers, and wait for it."""
        try:
            made: T = self._runner.submit(task, parameters).result()
        except KilledWorker as error:
            message = f"a worker of {self.place} died in it, and so did those that tried again"
            raise LostError(message) from error
        except (CancelledError, CommClosedError) as error:
            message = f"runner dask at {self.place}: the cluster is gone; give the command again"
            raise OrchestrationError(message) from error
        return made

    def close(self) -> None:
        """Leave the cluster."""
        self._runner.__exit__(None, None, None)


def _started(runner: RunnerConfig) -> DaskTaskRunner:
    return DaskTaskRunner(
        cluster_kwargs={
            "n_workers": runner.workers,
            "threads_per_worker": 1,
            "host": "127.0.0.1",
            "dashboard_address": None,
            "memory_limit": 0,  # its nanny would kill at a share of it; the system knows better
            "silence_logs": logging.CRITICAL,
        }
    )


def _joined(address: str) -> DaskTaskRunner:
    return DaskTaskRunner(address=address, client_kwargs={"timeout": _SECONDS})


def _check(said: dict[str, str], place: str) -> None:
    """Refuse a cluster without workers, or with one that cannot work for us."""
    if not said:
        message = f"runner dask at {place}: it has no worker; start one (`dask worker {place}`)"
        raise OrchestrationError(message)
    for worker, problem in said.items():
        if problem:
            message = f"runner dask at {place}: worker {worker}: {problem}"
            raise OrchestrationError(message)
