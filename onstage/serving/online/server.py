"""The socket and the process."""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from onstage.errors import ConfigError


CONNECTIONS = 512
"""Open at once; a further one is answered with 503."""
GRACE = 10
"""Seconds in which requests may end after Ctrl-C."""


def bound(host: str, port: int) -> socket.socket:
    """A socket at `host` and `port`; port 0 is any free one.

    Raises
    ------
    ConfigError
        If it cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, protocol, _, address = found[0]
        made = _taken(family, protocol, address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{host}:{port}: {reason}; choose another --port (0: any free one) or --host"
        raise ConfigError(message) from error
    return made


def _taken(family: int, protocol: int, address: Any) -> socket.socket:  # noqa: ANN401  # a family's
    """Bind; a socket that knows its protocol is TCP answers without Nagle's 40 ms (asyncio)."""
    made = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def address_of(made: socket.socket) -> str:
    """What people type to reach a socket."""
    host, port = made.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: FastAPI, made: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until the process is told to end; one process, several threads.

    Parameters
    ----------
    ready
        Called once connections are accepted.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE,
    )
    made.listen(config.backlog)
    ready()
    uvicorn.Server(config).run(sockets=[made])
