"""`onstage stack`, told twice to end: everything that it started is gone."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from flows.stack.postgres import binaries


pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def test_a_stack_that_is_told_twice_to_end_leaves_nothing_running() -> None:
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    with tempfile.TemporaryDirectory(prefix="onstage-ending-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        environment = {**os.environ, "ONSTAGE_HOME": folder, "PYTHONUNBUFFERED": "1"}
        words = [sys.executable, "-m", "flows.cli", "stack", "--any-port"]
        with subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(5)]
            addresses = re.findall(r"http://127\.0\.0\.1:\d+", "".join(told))
            assert len(addresses) == 2, told
            for page in addresses:
                with urllib.request.urlopen(page, timeout=30) as answer:
                    assert answer.status == 200
            assert (Path(folder) / "stack" / "environment").stat().st_mode & 0o077 == 0
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
        left = [line for line in _commands() if folder in line]
    assert left == []


def _commands() -> list[str]:
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(one.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
