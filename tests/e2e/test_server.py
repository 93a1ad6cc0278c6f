"""The temporary Prefect server: there when a flow needs it, gone when its command is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.server import TemporaryServer, answers
from onstage.errors import OrchestrationError


pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("default")]

COMMAND = """
import sys, time
from pathlib import Path
from flows.server import TemporaryServer

server = TemporaryServer(Path(sys.argv[1]))
server.wait()
print(server.url, flush=True)
time.sleep(600)
"""

FLOW = """
import atexit, sys, threading

def last():
    print([thread.name for thread in threading.enumerate() if "Loop" in thread.name])

atexit.register(last)  # the first registered is the last called
from pathlib import Path
from flows.running import orchestrated

config = Path(sys.argv[1])
with orchestrated(config):
    from prefect import flow
    flow(lambda: print("done"), name="little")()
"""


def test_the_server_is_gone_after_its_command_was_killed(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path / "prefect.log")],
        env={**bare, "PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        url = command.stdout.readline().strip()
        assert answers(url, seconds=5) is None
        command.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while answers(url, seconds=2) is None:
        assert time.monotonic() < end, f"{url} still answers"
        time.sleep(0.2)


def test_a_server_that_cannot_start_says_where_its_log_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "nonsense")
    log = tmp_path / "logs" / "prefect.log"
    with (
        TemporaryServer(log) as server,
        pytest.raises(OrchestrationError, match=r"ended with \d+; see .*prefect\.log"),
    ):
        server.wait()
    assert log.stat().st_size > 0


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OrchestrationError, match=r"see that .* can be written"):
        TemporaryServer(tmp_path / "file" / "prefect.log")


def test_no_thread_of_prefect_outlives_its_command(config: Path, tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ended = subprocess.run(
        [sys.executable, "-c", FLOW, str(config)],
        env={**bare, "ONSTAGE_HOME": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert ended.stdout.splitlines() == ["done", "[]"], ended.stderr[-3000:]
