"""`onstage ui`: both servers answer on loopback, and both end with it."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def test_both_servers_answer_on_loopback_and_end_with_the_command(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "ONSTAGE_HOME": str(tmp_path / "home"),
        "PYTHONUNBUFFERED": "1",
    }
    words = [sys.executable, "-m", "flows.cli", "ui", "--prefect-port", "0", "--mlflow-port", "0"]
    with subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(3)]
            addresses = re.findall(r"http://127\.0\.0\.1:\d+", "".join(told))
            assert len(addresses) == 3, told
            for page in addresses[:2]:
                with urllib.request.urlopen(page, timeout=10) as answer:
                    assert answer.status == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)
    for page in addresses[:2]:
        with pytest.raises(OSError, match=r"refused"):
            urllib.request.urlopen(page, timeout=5)
