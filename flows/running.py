"""How a flow is started from the command line: its environment, and one clear error."""

import atexit
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from typing_extensions import override

from flows.prefect_api import refusal
from flows.server import TemporaryServer, answers
from onstage.config import load_config
from onstage.errors import OnstageError, OrchestrationError
from onstage.settings import apply_environment, load_settings
from onstage.tracking.endpoint import masked
from onstage.tracking.greeting import REFUSALS


A_MOMENT = 5.0
"""Seconds in which Prefect must have said what it has to say."""


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
        If the configuration cannot be used.
    OrchestrationError
        If ``PREFECT_API_URL`` is set and nothing healthy answers there within three seconds.
    """
    load_config(config)
    apply_environment(load_settings())
    if url := os.environ.get("PREFECT_API_URL"):
        probe(url)
    quieten()


@contextmanager
def orchestrated(config: Path, meanwhile: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Run flows in this block: on the server that Prefect's settings name, else on a temporary one.

    Parameters
    ----------
    config
        Configuration file, read before the block.
    meanwhile
        What else has to be done first: it is done while a temporary server starts.

    Raises
    ------
    ConfigError, OrchestrationError
        As :func:`prepare`, or if the temporary server does not start.
    """
    settings = load_settings()
    apply_environment(settings)
    _end_loops_at_exit()
    with ExitStack() as stack:
        server = None
        known = "PREFECT_API_URL" in os.environ or ("prefect" in sys.modules and configured())
        if not known:
            server = stack.enter_context(TemporaryServer(settings.home / "logs" / "prefect.log"))
        prepare(config)
        if server is not None and configured():  # in a profile: known only to Prefect itself
            server.stop()
            server = None
        meanwhile()
        if server is not None:
            server.wait()
            stack.enter_context(_talking_to(server.url))
        with _reaching_prefect():
            yield


@cache
def _end_loops_at_exit() -> None:
    """End Prefect's event loops after whatever else is done at exit.

    Their threads would outlive the interpreter and hold all that flows refer to; DuckDB takes that
    for leaks and says so in thirty lines. Called before Prefect is imported, so that what Prefect
    does at exit, on these loops, comes first.
    """
    atexit.register(_end_loops)


def _end_loops() -> None:
    if "prefect" not in sys.modules:
        return
    from prefect._internal.concurrency import threads  # Prefect's version is pinned

    for loop in (threads._global_loop, threads._run_sync_loop):  # noqa: SLF001
        if loop is not None:
            loop.shutdown()
            loop.thread.join(A_MOMENT)


@contextmanager
def _reaching_prefect() -> Iterator[None]:
    """Turn the end of the server in mid-run into one line; what was finished is in the store."""
    from httpx import TransportError
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL

    try:
        yield
    except (TransportError, PrefectHTTPStatusError) as error:
        status = error.response.status_code if isinstance(error, PrefectHTTPStatusError) else 0
        if status in REFUSALS:
            known = PREFECT_API_AUTH_STRING.value() is not None
            raise OrchestrationError(
                refusal(str(PREFECT_API_URL.value()), status, known=known)
            ) from error
        shown = masked(str(PREFECT_API_URL.value()))
        message = (
            f"the Prefect server at {shown} stopped answering in mid-run ({type(error).__name__}); "
            "see its log, then give the command again: finished steps are kept"
        )
        raise OrchestrationError(message) from error


def configured() -> bool:
    """Whether Prefect's own settings (the environment, a profile) name a server."""
    from prefect.settings import PREFECT_API_URL

    return bool(PREFECT_API_URL.value())


@contextmanager
def _talking_to(url: str) -> Iterator[None]:
    """Point Prefect at a temporary server; what it still has to say is said before the end."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_UI_URL,
        temporary_settings,
    )

    updates: dict[Any, Any] = {
        PREFECT_API_URL: url,
        PREFECT_UI_URL: "",  # it shows no pages
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # nobody watches, and its end costs a second
    }
    with temporary_settings(updates):
        try:
            yield
        finally:
            from prefect.events.worker import EventsWorker
            from prefect.logging.handlers import APILogWorker

            APILogWorker.drain_all(timeout=A_MOMENT)
            EventsWorker.drain_all(timeout=A_MOMENT)


def quieten() -> None:
    """Show one line instead of a traceback for our own errors in Prefect's console log."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(_Short())


def probe(url: str) -> None:
    """Look for a healthy server.

    Raises
    ------
    OrchestrationError
        If none answers within three seconds.
    """
    shown = f"PREFECT_API_URL={masked(url)}"
    if not url.startswith(("http://", "https://")):
        message = f"{shown}: expected http://… or https://…"
        raise OrchestrationError(message)
    if (error := answers(url, seconds=3)) is not None:
        message = (
            f"{shown}: no Prefect server answers there ({error}); start one with `onstage ui`, or "
            "unset PREFECT_API_URL to use a temporary one"
        )
        raise OrchestrationError(message) from error
