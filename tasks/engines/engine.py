"""What every cluster can do."""

import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from prefect.tasks import Task

from onstage.config import RunnerConfig
from onstage.errors import LostError, OrchestrationError


T = TypeVar("T")

TOKEN: Final = "cluster.token"  # noqa: S105  # nothing secret
"""File in the home folder. Every worker must see it: there are the data, there go the results."""


class Engine(ABC):
    """A cluster that tasks run on, as Prefect's task runner for it does.

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

    kind: ClassVar[str]
    failures: ClassVar[tuple[type[Exception], ...]] = (OSError, RuntimeError, ValueError)
    """What keeps us out of a cluster."""

    def __init__(self, runner: RunnerConfig, home: Path) -> None:
        self.place = runner.address or "this machine"
        if runner.address:
            probe(self.kind, runner.address)
        self._runner = self._made(runner)
        try:
            self._enter()
            if runner.address:
                (home / TOKEN).touch()
                self._check(str(home))
        except OrchestrationError:
            self._abandon()
            raise
        except self.failures as error:
            self._abandon()
            why = f"{error}; start it, or check runner.address"
            raise self._unusable(why) from error

    def _check(self, home: str) -> None:
        """Refuse a cluster with a worker that cannot work for us."""
        said = self._look(home)
        for who, problem in said.items():
            if problem:
                why = f"{who}: {problem}"
                raise self._unusable(why)

    def _unusable(self, why: str) -> OrchestrationError:
        message = f"runner {self.kind} at {self.place}: {why}"
        return OrchestrationError(" ".join(message.split()))

    @abstractmethod
    def _made(self, runner: RunnerConfig) -> Any:  # noqa: ANN401  # some task runner of Prefect's
        """Prefect's task runner."""

    @abstractmethod
    def _enter(self) -> None:
        """Start the cluster, or join it."""

    @abstractmethod
    def _look(self, home: str) -> dict[str, str]:
        """What workers say of themselves (:func:`look`), by who they are."""

    @abstractmethod
    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        """Run a task on one of its workers, and wait.

        Raises
        ------
        LostError
            If the worker died in it. Whatever the task raises is raised too.
        OrchestrationError
            If the cluster is gone.
        """

    def _lost(self) -> LostError:
        message = f"a worker of {self.place} died in it, and so did those that tried again"
        return LostError(message)

    def _gone(self) -> OrchestrationError:
        return self._unusable("the cluster is gone; give the command again")

    def close(self) -> None:
        """Leave it, and end it if it was started here."""
        self._runner.__exit__(None, None, None)

    def _abandon(self) -> None:
        """Leave what could not be used; should this fail too, that says nothing more."""
        with suppress(Exception):
            self.close()


def probe(kind: str, address: str) -> None:
    """Look for somebody who listens at an address such as ``tcp://host:8786``.

    Raises
    ------
    OrchestrationError
        If nobody does, within three seconds; or if it is no such address.
    """
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if not host or not port.isdigit():
        message = f"runner.address {address!r}: expected a host and a port, as tcp://10.0.0.5:8786"
        raise OrchestrationError(message)
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError as error:
        message = (
            f"runner {kind} at {address}: nobody answers ({error}); start it, or check "
            "runner.address"
        )
        raise OrchestrationError(message) from error


def look(home: str) -> str:
    """What a worker says of itself: empty, or the one line that says why it cannot be used."""
    try:
        import onstage.tuning.worker  # noqa: F401
        import tasks.trial  # noqa: F401
    except ImportError as error:
        return f"it cannot import our code ({error}); install the same release there"
    if not (Path(home) / TOKEN).exists():
        return f"it does not see the folder {home}; give ONSTAGE_HOME a folder that is shared"
    return ""
