"""One step at one size, in a process that is watched; a line of JSON each."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.worker import ONE_THREAD


@dataclass(frozen=True)
class Measurement:
    """What one step took at one size.

    Attributes
    ----------
    rows
        As asked for.
    status
        ``done``; ``memory`` where it was stopped at the limit; ``time`` where it took too long;
        ``failed``.
    seconds, cpu
        Of the wall and of all threads of the processor, for the step alone; ``seconds`` of the
        whole process where it is not ``done``.
    peak_mib
        Of the whole process, what it read before the step included.
    read_mib
        When the step began.
    """

    rows: int
    step: str
    status: str
    seconds: float
    peak_mib: float
    cpu: float = 0.0
    read_mib: float = 0.0
    load: float = 0.0
    counts: dict[str, float] = field(default_factory=dict)
    message: str = ""


def known(path: Path) -> list[Measurement]:
    """All that was measured before, the latest of each size and step."""
    if not path.is_file():
        return []
    rows = [Measurement(**json.loads(line)) for line in path.read_text().splitlines()]
    return list({(one.rows, one.step): one for one in rows}.values())


def keep(path: Path, made: Measurement) -> None:
    """Append a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(made), allow_nan=False) + "\n")


def measured(
    step: str, rows: int, config: Path, *, limit_mib: float, limit_seconds: float
) -> Measurement:
    """Run a step, and stop it where it takes more memory or time than allowed.

    OpenMP and BLAS have one thread: with more, processor seconds count threads that only wait.
    """
    command = [sys.executable, "-m", "benchmarks.growth.steps", step, str(config)]
    home = config.parent / "home"
    environment = {
        **os.environ,
        **ONE_THREAD,
        "ONSTAGE_HOME": str(home),
        "ONSTAGE_PROGRESS": "0",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = Watch(process, limit_mib, limit_seconds)
        out, told = process.communicate()
    taken = time.perf_counter() - began
    load = os.getloadavg()[0]
    if process.returncode:
        status = watch.reason or "failed"
        message = "" if watch.reason else told.strip().splitlines()[-1][:300]
        return Measurement(rows, step, status, taken, watch.most, load=load, message=message)
    return Measurement(rows, step, "done", load=load, **json.loads(out.splitlines()[-1]))


class Watch:
    """Look at a process four times a second, and end it where it oversteps.

    Attributes
    ----------
    most
        Largest resident memory seen, in MiB.
    reason
        Why it was ended: ``memory``, ``time``, or nothing.
    """

    def __init__(
        self, process: "subprocess.Popen[str]", limit_mib: float, limit_seconds: float
    ) -> None:
        self.most, self.reason = 0.0, ""
        self._process, self._limits = process, (limit_mib, limit_seconds)
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        began = time.monotonic()
        while self._process.poll() is None:
            now = resident(self._process.pid)
            self.most = max(self.most, now)
            late = time.monotonic() - began > self._limits[1]
            if now > self._limits[0] or late:
                self.reason = "time" if late else "memory"
                self._process.kill()
                return
            time.sleep(0.25)


def resident(pid: int) -> float:
    """Resident memory of a process in MiB; 0 where that cannot be seen."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def of_step(measurements: Iterable[Measurement], step: str) -> list[Measurement]:
    """What finished, by size."""
    found = [one for one in measurements if one.step == step and one.status == "done"]
    return sorted(found, key=lambda one: one.rows)
