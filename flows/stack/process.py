"""One process of the stack, with whatever it starts: from its first answer to its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pwd import struct_passwd
from typing import Any

from onstage.errors import OrchestrationError, TrackingError
from onstage.tracking.greeting import ask


PATIENCE = 180.0
"""Seconds until a server that was started must answer."""
GRACE = 20.0
"""Seconds until one that was asked to end must have ended."""


class Process:
    """A started program, in a group of its own, its output in a log.

    Parameters
    ----------
    name
        For messages.
    words
        The command; nothing secret.
    environment
        All of it.
    log
        Appended to.
    folder
        Where it runs.
    user
        Who it is run as; whoever we are by default.

    Raises
    ------
    OrchestrationError
        If it cannot be started.
    """

    def __init__(  # what a process is made of
        self,
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        folder: Path | None = None,
        user: struct_passwd | None = None,
    ) -> None:
        self.name = name
        self.log = log
        try:
            with log.open("ab") as stream:
                self._process = subprocess.Popen(  # noqa: S603  # our own words, no shell
                    list(words),
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    start_new_session=True,
                    **as_user(user),
                )
        except OSError as error:
            message = f"{name}: {error}; see that it is installed and {log.parent} can be written"
            raise OrchestrationError(message) from error

    @property
    def pid(self) -> int:
        """Number of the process, which is that of its group too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_until(self, there: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until `there` says so.

        Raises
        ------
        OrchestrationError
            If the process ended before, or after so many seconds.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running:
                status = self._process.returncode
                message = f"{self.name} ended with status {status}; see {self.log}"
                raise OrchestrationError(message)
            if there():
                return
            time.sleep(0.2)
        message = f"{self.name} did not answer within {seconds:.0f} s; see {self.log}"
        raise OrchestrationError(message)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it and all that it started."""
        if self.running:
            self._tell(number)
            try:
                self._process.wait(timeout=GRACE)
            except subprocess.TimeoutExpired:
                self._tell(signal.SIGKILL)
                self._process.wait()
        self._tell(signal.SIGKILL)  # whatever its end left behind

    def _tell(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def interrupt_once() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal a KeyboardInterrupt, and ignore further ones.

    What ends must end: servers have sessions of their own, and would outlive their command. A
    terminal that may be closed (``nohup``) still may.
    """
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)

    def stop(*_: object) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, stop)


def as_user(user: struct_passwd | None) -> dict[str, Any]:
    """Words of ``Popen`` and ``run`` that make a child somebody else."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def healthy(address: str, path: str) -> Callable[[], bool]:
    """Whether a server says 200 to GET `path`."""

    def there() -> bool:
        try:
            return ask(address, path, seconds=2).status == 200  # noqa: PLR2004  # HTTP's
        except TrackingError:
            return False

    return there


def program(name: str) -> str:
    """A command of this environment."""
    return str(Path(sys.executable).with_name(name))
