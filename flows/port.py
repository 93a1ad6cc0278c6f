"""Ports of this machine's loopback interface."""

import socket

from onstage.errors import OrchestrationError


LOOPBACK = "127.0.0.1"


def free_port(wanted: int = 0) -> int:
    """`wanted` where it is free, else any free port of loopback.

    Raises
    ------
    OrchestrationError
        If there is none.
    """
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = f"no free port on {LOOPBACK}; end a program that holds one"
    raise OrchestrationError(message)
