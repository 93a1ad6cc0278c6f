"""A temporary Prefect server of one command: started first, gone when the command is.

Prefect starts one by itself, but only after it is imported, and a ``kill -9`` of the command
leaves that one behind. Ours starts before anything heavy is imported and ends when its parent
does, however that ends.
"""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from flows.port import LOOPBACK, free_port
from onstage.errors import OrchestrationError


PATIENCE = 120
"""Seconds in which a server must answer."""
GRACE = 5
"""Seconds in which it must end."""


class TemporaryServer:
    """A Prefect server in another process, on loopback, without its pages.

    Parameters
    ----------
    log
        File for what it prints: nothing, unless something is wrong.

    Raises
    ------
    OrchestrationError
        If its process cannot be started.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self.port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"},
            "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT__SERVER_FINAL": "1",
        }
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as stream:
                self._process = subprocess.Popen(  # noqa: S603  # our own words, no shell
                    [sys.executable, "-m", "flows.server", str(self.port)],
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=stream,
                    stderr=stream,
                    start_new_session=True,  # Ctrl-C is for the command, which ends it in order
                )
        except OSError as error:
            message = f"temporary Prefect server: {error}; see that {log.parent} can be written"
            raise OrchestrationError(message) from error

    @property
    def url(self) -> str:
        """Address of its API."""
        return f"http://{LOOPBACK}:{self.port}/api"

    def wait(self, seconds: float = PATIENCE) -> None:
        """Wait until it answers.

        Raises
        ------
        OrchestrationError
            If it ended, or did not answer in so many seconds.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (status := self._process.poll()) is not None:
                message = f"the temporary Prefect server ended with {status}; see {self.log}"
                raise OrchestrationError(message)
            if answers(self.url, seconds=2) is None:
                return
            time.sleep(0.05)
        message = (
            f"the temporary Prefect server did not answer within {seconds:.0f} s; see {self.log}, "
            "or start one with `onstage ui` and set PREFECT_API_URL"
        )
        raise OrchestrationError(message)

    def stop(self) -> None:
        """End it; what it had accepted is in its database."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def answers(api: str, *, seconds: float) -> Exception | None:
    """Why no healthy Prefect server answers at the address of an API; None if one does.

    Credentials in the address are left out: this needs none, and what is said may show it.
    """
    try:
        parts = urlsplit(f"{api.rstrip('/')}/health")
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        with urllib.request.urlopen(bare, timeout=seconds):  # noqa: S310
            return None
    except (OSError, ValueError, http.client.HTTPException) as error:
        return error


def _end_with_the_parent() -> None:
    """Wait for the end of our input, which is the end of whoever started us."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def main() -> None:
    """Serve on the port that is the only argument."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    import uvicorn

    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host=LOOPBACK,
        port=int(sys.argv[1]),
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
