"""Dask: a cluster on this machine, or one that is there, through prefect-dask."""

import logging
from concurrent.futures import CancelledError
from typing import Any, ClassVar, TypeVar

from distributed import KilledWorker
from distributed.comm.core import CommClosedError
from prefect.tasks import Task
from prefect_dask import DaskTaskRunner
from typing_extensions import override

from onstage.config import RunnerConfig
from tasks.engines.engine import Engine, look


T = TypeVar("T")

_SECONDS = 15
"""How long an address may take to answer."""


class DaskEngine(Engine):
    """Runs tasks as Prefect's task runner for Dask does."""

    kind: ClassVar[str] = "dask"

    @override
    def _made(self, runner: RunnerConfig) -> DaskTaskRunner:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
        return _joined(runner.address) if runner.address else _started(runner)

    @override
    def _enter(self) -> None:
        self._runner.__enter__()
        _ = self._runner.client  # starts the cluster, or joins it

    @override
    def _look(self, home: str) -> dict[str, str]:
        said = self._runner.client.run(look, home, on_error="return")
        if not said:
            why = f"it has no worker; start one (`dask worker {self.place}`)"
            raise self._unusable(why)
        return {f"worker {worker}": _problem(answer) for worker, answer in said.items()}

    @override
    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        try:
            made: T = self._runner.submit(task, parameters).result()
        except KilledWorker as error:
            raise self._lost() from error
        except (CancelledError, CommClosedError) as error:
            raise self._gone() from error
        return made


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


def _problem(answer: str | Exception) -> str:
    """What a worker said; one that has not our code cannot even say that."""
    if isinstance(answer, Exception):
        return f"it cannot run our code ({answer}); install the same release there"
    return answer
