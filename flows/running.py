"""How a flow is started from the command line: its environment, and one clear error."""

import http.client
import logging
import os
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from onstage.config import load_config
from onstage.errors import OnstageError, OrchestrationError
from onstage.settings import apply_environment, load_settings


A_MOMENT = 0.2
"""Seconds."""


class _Short(logging.Filter):
    """Keep Prefect from printing a traceback for an error that explains itself."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if isinstance(problem, OnstageError):
            record.exc_info = None
            record.msg, record.args = "%s: %s", (type(problem).__name__, problem)
        return True


def prepare(config: Path) -> None:
    """Read the configuration, set the environment before Prefect is imported, find its server.

    Raises
    ------
    ConfigError
        If the configuration cannot be used: before anything is started for it.
    OrchestrationError
        If ``PREFECT_API_URL`` is set and nothing healthy answers there within three seconds.
    """
    load_config(config)
    apply_environment(load_settings())
    url = os.environ.get("PREFECT_API_URL")
    if url:
        _probe(url)
    quieten()


def while_the_server_starts(do: Callable[[], object]) -> None:
    """Do something while the temporary Prefect server starts in its own process.

    With ``PREFECT_API_URL`` set there is no server to start, and it is just done.
    """
    import prefect.server.api.server  # noqa: F401  # else the start waits for the other imports
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        do()
        return

    def boot() -> None:
        with get_client(sync_client=True) as client:
            client.hello()

    booting = threading.Thread(target=boot, name="boot")
    booting.start()
    time.sleep(A_MOMENT)  # the server's process is under way
    try:
        do()
    finally:
        booting.join()


def quieten() -> None:
    """Show one line instead of a traceback for our own errors in Prefect's console log."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(_Short())


def _probe(url: str) -> None:
    health = f"{url.rstrip('/')}/health"
    if not health.startswith(("http://", "https://")):
        message = f"PREFECT_API_URL={url}: expected http://… or https://…"
        raise OrchestrationError(message)
    try:
        with urllib.request.urlopen(health, timeout=3):  # noqa: S310  # the scheme is checked
            return
    except (OSError, ValueError, http.client.HTTPException) as error:
        message = (
            f"PREFECT_API_URL={url}: no Prefect server answers there ({error}); start one with "
            "`onstage ui`, or unset PREFECT_API_URL to use a temporary one"
        )
        raise OrchestrationError(message) from error
