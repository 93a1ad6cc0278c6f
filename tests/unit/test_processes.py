"""How a command that has servers ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
WAITS = """
import signal, sys, time
from flows.stack.process import interrupt_once

ignored = sys.argv[1] == "nohup"  # a test run under nohup hands it on
signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
interrupt_once()
try:
    print("waits", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("ended in order")
"""


def told(how: str, *signals: signal.Signals) -> str:
    """What a command says that gets signals while it waits."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, how], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        for number in signals:
            process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    return said.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_a_command_ends_what_it_started_too(number: signal.Signals) -> None:
    assert told("", number) == "ended in order"


def test_a_terminal_that_may_be_closed_still_may() -> None:
    assert told("nohup", signal.SIGHUP, signal.SIGTERM) == "ended in order"
