"""A Prefect server on a free port of loopback, stopped by its process group."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


PREFECT = str(Path(sys.executable).with_name("prefect"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(found: Callable[[], Any], seconds: float, what: str) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = found()
        except OSError:
            value = None
        if value:
            return value
        time.sleep(1)
    pytest.fail(f"{what} did not happen within {seconds:.0f} s")


@contextmanager
def prefect_server(home: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start one in `home`; yields the environment of whoever talks to it."""
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    mine = {**environment, "PREFECT_HOME": str(home), "PREFECT_API_URL": api}
    words = [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=home, env=mine, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until(lambda: urllib.request.urlopen(f"{api}/health", timeout=5), 180, "the server")
            yield mine
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def ask(api: str, path: str, question: dict[str, Any]) -> Any:
    """Post a question to a Prefect server."""
    request = urllib.request.Request(
        f"{api}{path}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
