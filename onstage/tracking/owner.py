"""Which process a run belongs to, and whether that process is still there."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from typing_extensions import override


UNKNOWN: Final = "-"


@dataclass(frozen=True)
class Owner:
    """One process on one machine, told apart from a later one with the same number.

    Attributes
    ----------
    host
        Host name.
    boot, space
        Identity of the machine's boot and of its process number space (a container has its own);
        ``-`` where the system does not tell.
    process
        Process number.
    started
        Clock ticks between the boot and the start of the process; ``-`` where unknown.
    """

    host: str
    boot: str
    space: str
    process: int
    started: str

    @classmethod
    def current(cls) -> Self:
        """The process that asks."""
        process = os.getpid()
        return cls(socket.gethostname(), _boot(), _space(), process, _started(process) or UNKNOWN)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what :meth:`__str__` wrote; None where it is something else."""
        parts = text.split("|")
        if len(parts) != 5 or not parts[3].isdigit():  # noqa: PLR2004  # the five fields
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]), parts[4])

    @override
    def __str__(self) -> str:
        return "|".join((self.host, self.boot, self.space, str(self.process), self.started))

    def gone(self) -> bool:
        """Whether the process has certainly ended.

        False for a process of another machine or container: from here it cannot be seen.
        """
        here = Owner.current()
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True
        if self.space != here.space:
            return False
        started = _started(self.process)
        return started is None or started != self.started


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id") or UNKNOWN


def _space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return UNKNOWN


def _started(process: int) -> str | None:
    """Start time of a process; ``-`` where it lives but does not tell; None where it is gone."""
    stat = _read(f"/proc/{process}/stat")
    if stat is not None:
        state, *rest = stat.rpartition(")")[2].split()
        return None if state in "ZX" else rest[18]
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return UNKNOWN
    return UNKNOWN


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
