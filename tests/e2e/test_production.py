"""Nights of production on real servers, with a client that asks the champion all the time."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flows.stack.postgres import binaries


pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NIGHTS = 5


def test_the_champion_answers_without_a_failure_while_others_take_over() -> None:
    if binaries() is None:
        pytest.skip("no PostgreSQL server here: install Debian's package postgresql")
    with tempfile.TemporaryDirectory(prefix="onstage-production-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user goes through it
        words = [
            str(Path(sys.executable).with_name("onstage")), "demo-production", f"{folder}/weeks",
            "--days", str(NIGHTS), "--users", "300", "--once", "--json",
        ]  # fmt: skip
        done = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
        )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)
    assert len(told["nights"]) == NIGHTS
    decisions = [night["decision"] for night in told["nights"]]
    assert decisions[0] == "first"
    assert decisions[1] == "refused"  # the day's file is broken
    champions = {night["after"] for night in told["nights"]}
    assert len(champions) > 1
    assert told["failed"] == []
    assert len(told["answered"]) > 1  # by several versions
    assert sum(told["answered"].values()) > 100
