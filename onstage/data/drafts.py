"""Folders in the making, named after the process whose they are: what a killed one left can go."""

import hashlib
import os
import shutil
import socket
from pathlib import Path


def mine(kind: str) -> str:
    """How the name of a folder begins that goes with this process: see :func:`sweep_dead`."""
    return f".{kind}-{_host()}-{os.getpid()}-"


def sweep_dead(root: Path, kind: str) -> int:
    """Remove the folders of a kind that killed processes of this machine left in `root`.

    Returns
    -------
    int
        How many. Those of living processes and of other machines are left alone.
    """
    left = [path for path in root.glob(f".{kind}-{_host()}-*") if not _alive(path)]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _host() -> str:
    """A short name of this machine, without separators."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _alive(path: Path) -> bool:
    """Whether the process that a folder is named after still runs."""
    try:
        os.kill(int(path.name.split("-")[2]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
