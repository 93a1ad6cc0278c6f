"""A process that measures when it is told to: ours or a peer's, in an environment of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from benchmarks.peers import interpreter


SCRIPTS: Final = Path(__file__).parent / "workers"
THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
ONE_THREAD: Final[Mapping[str, str]] = dict.fromkeys(THREADS, "1")


class Worker:
    """Run one of ``benchmarks/workers``; it prepares at once, and measures at every :meth:`ask`.

    Parameters
    ----------
    peer
        Whose environment (:data:`benchmarks.peers.REQUIREMENTS`); None for ours.
    script
        Name of the file, without its ending.
    arguments
        For the script.
    environment
        Variables of the process. Those that limit threads are not inherited.

    Attributes
    ----------
    prepared : dict
        What the script said when it was ready: its versions, and how large its data are.
    """

    def __init__(
        self,
        peer: str | None,
        script: str,
        *arguments: object,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        python = sys.executable if peer is None else str(interpreter(peer))
        clean = {name: value for name, value in os.environ.items() if name not in THREADS}
        clean |= {"OMP_WAIT_POLICY": "PASSIVE", **(environment or {})}
        if peer is None:
            clean["PYTHONPATH"] = str(SCRIPTS.parents[1])
        self._process = subprocess.Popen(
            [python, str(SCRIPTS / f"{script}.py"), *map(str, arguments)],
            env=clean,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.prepared = self._reply()

    def ask(self) -> dict[str, Any]:
        """Measure once: at least ``seconds`` (of the wall) and ``cpu`` (of the processor)."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            message = f"{self._process.args}: ended with status {self._process.wait()}"
            raise RuntimeError(message)
        reply: dict[str, Any] = json.loads(line)
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it end."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()
        self._process.wait()


def rounds_of(
    workers: Mapping[str, Worker], rounds: int, *, warm: bool = True
) -> dict[str, list[dict[str, Any]]]:
    """Every worker's answers, one after the other in each round; the first round may not count."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
    for number in range(rounds + warm):
        for name, worker in workers.items():
            answer = worker.ask()
            if number >= warm:
                found[name].append(answer)
    return found


def seconds(answers: list[dict[str, Any]], of: str = "seconds") -> list[float]:
    """One column of :func:`rounds_of`."""
    return [float(one[of]) for one in answers]
