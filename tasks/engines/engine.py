"""What every cluster can do."""

import socket
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from prefect.tasks import Task

from onstage.errors import OrchestrationError


T = TypeVar("T")

TOKEN: Final = "cluster.token"  # noqa: S105  # nothing secret
"""File in the home folder. Every worker must see it: there are the data, there go the results."""


class Engine(Protocol):
    """A cluster that is there."""

    def run(self, task: Task[..., T], parameters: dict[str, Any]) -> T:
        """Run a task on one of its workers, and wait.

        Raises
        ------
        LostError
            If the worker died in it. Whatever the task raises is raised too.
        OrchestrationError
            If the cluster is gone.
        """
        ...

    def close(self) -> None:
        """Leave it, and end it if it was started here."""
        ...


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
