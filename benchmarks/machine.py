"""What ran it: cores, memory, releases, and how busy the machine was."""

import os
import platform
import resource
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final


LIBRARIES: Final = (
    "implicit",
    "scikit-surprise",
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "great-expectations",
    "mlflow",
    "prefect",
    "optuna",
    "duckdb",
)


def described() -> dict[str, Any]:
    """The machine and the releases, without a name or a path."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cores": os.cpu_count() or 1,
        "processor": _processor(),
        "memory_gib": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": sys.version.split()[0],
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def load() -> float:
    """How many processes wanted a core, over the last minute."""
    return round(os.getloadavg()[0], 1)


def peak() -> float:
    """Most resident memory of this process so far, in MiB.

    ``ru_maxrss`` of a process begins with what its parent held when it was started, so Linux's own
    mark of this process's memory is read where there is one.
    """
    kibibytes = _field(Path("/proc/self/status"), "VmHWM").removesuffix(" kB")
    if not kibibytes.isdigit():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return int(kibibytes) / 2**10


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    return _field(Path("/proc/cpuinfo"), "model name") or platform.processor() or "unknown"


def _memory() -> float:
    kibibytes = _field(Path("/proc/meminfo"), "MemTotal").removesuffix(" kB")
    return round(int(kibibytes) / 2**20, 1) if kibibytes.isdigit() else float("nan")


def _field(file: Path, name: str) -> str:
    if not file.is_file():
        return ""
    lines = (line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
    return next((value.strip() for key, value in lines if key.strip() == name), "")
