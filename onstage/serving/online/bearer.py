"""Who may ask."""

import hmac
import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from onstage.errors import ConfigError


TOKEN: Final = "ONSTAGE_SERVE_TOKEN"  # noqa: S105  # the variable's name
SHORTEST: Final = 16


def token_from(environment: Mapping[str, str] = os.environ) -> str | None:
    """The token that requests must bear; None where none is set.

    Raises
    ------
    ConfigError
        If it is shorter than 16 characters or not printable ASCII. The message does not quote it.
    """
    token = environment.get(TOKEN)
    if token is None:
        return None
    if len(token) < SHORTEST or not (token.isascii() and token.isprintable()) or " " in token:
        message = (
            f"{TOKEN}: a token has at least {SHORTEST} printable ASCII characters and no blank; "
            "make one with `openssl rand -hex 24`, or unset the variable"
        )
        raise ConfigError(message)
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def see_that_strangers_need_a_token(host: str, token: str | None) -> None:
    """Refuse to serve others than this machine without a token.

    Raises
    ------
    ConfigError
        With the remedy.
    """
    if token is None and not is_loopback(host):
        message = (
            f"host {host}: others than this machine could ask and post; set {TOKEN}, or leave "
            "--host out"
        )
        raise ConfigError(message)


def bears(header: bytes | None, token: str | None) -> bool:
    """Whether an ``Authorization`` header bears the token, in constant time."""
    if token is None:
        return True
    scheme, _, given = (header or b"").partition(b" ")
    right = hmac.compare_digest(given.strip(), token.encode())
    return right and scheme.lower() == b"bearer"
