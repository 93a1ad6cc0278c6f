"""The machine: folders, space, threads, telemetry, and what keeps servers from stalling."""

import os
import shutil
import tempfile
from pathlib import Path

from onstage.pipeline.checkup.finding import Finding
from onstage.settings import ENVIRONMENT, Settings


GB = 1e9
LITTLE_GB, TOO_LITTLE_GB = 5.0, 0.5
"""Free space that is said, and that stops work."""
SILENT = ("DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY", "PREFECT_SERVER_ANALYTICS_ENABLED")
STEADY = tuple(name for name in ENVIRONMENT if name.startswith("PREFECT_SERVER_SERVICES_"))


def machine(settings: Settings) -> list[Finding]:
    """Look at the home folder, threads and the environment of this process.

    Parameters
    ----------
    settings
        Applied to the environment before (:func:`onstage.settings.apply_environment`).
    """
    return [_home(settings.home), _space(settings.home), _threads(settings), *_environment()]


def _home(home: Path) -> Finding:
    shown, rule = str(home.resolve()), "can be written"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"1")
    except OSError as error:
        remedy = "choose a writable folder with ONSTAGE_HOME"
        return Finding.failed("home", f"{shown}: {error.strerror}", rule, remedy)
    return Finding.ok("home", shown, rule)


def _space(home: Path) -> Finding:
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free / GB
    value, rule = f"{free:.1f} GB free", f"at least {LITTLE_GB:g} GB"
    remedy = "free space, or choose another folder with ONSTAGE_HOME"
    if free < TOO_LITTLE_GB:
        return Finding.failed("disk", value, rule, remedy)
    if free < LITTLE_GB:
        return Finding.warning("disk", value, rule, remedy)
    return Finding.ok("disk", value, rule)


def _threads(settings: Settings) -> Finding:
    cores = os.cpu_count() or 1
    asked = {"ONSTAGE_THREADS": str(settings.threads)}
    asked |= {
        n: os.environ[n] for n in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if n in os.environ
    }
    value = ", ".join([f"{cores} cores", *(f"{name} {number}" for name, number in asked.items())])
    rule = "none above the cores; OMP_WAIT_POLICY PASSIVE"
    many = [name for name, number in asked.items() if number.isdigit() and int(number) > cores]
    if many:
        return Finding.warning("threads", value, rule, f"lower {many[0]} or unset it")
    policy = os.environ.get("OMP_WAIT_POLICY", "")
    if policy.upper() != "PASSIVE":
        remedy = "unset it: waiting threads that spin cost 25 times the time on a busy machine"
        return Finding.warning("threads", f"OMP_WAIT_POLICY {policy or 'unset'}", rule, remedy)
    return Finding.ok("threads", value, rule)


def _environment() -> list[Finding]:
    loud = [name for name in SILENT if os.environ.get(name, "").lower() != ENVIRONMENT[name]]
    odd = [name for name in STEADY if os.environ.get(name) != ENVIRONMENT[name]]
    return [
        _as_ours("telemetry", loud, "off", "MLflow takes only the word true, not 1"),
        _as_ours("server batches", odd, "as ours", "a server on SQLite stalls for seconds"),
    ]


def _as_ours(name: str, others: list[str], value: str, why: str) -> Finding:
    if not others:
        return Finding.ok(name, value)
    first = others[0]
    said = f"{first}={os.environ.get(first, '')}"
    return Finding.warning(name, said, f"{ENVIRONMENT[first]}, or {why}", f"unset {first}")
