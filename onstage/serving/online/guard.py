"""What stands before every endpoint: size, token, host, log, and no trace for anybody."""

import asyncio
import json
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from onstage.serving.online.bearer import bears, is_loopback
from onstage.serving.online.limits import Limits
from onstage.serving.online.rates import Rates
from onstage.serving.online.telemetry import OTHER, Telemetry


logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

NUMBER: Final = "request_number"
KNOWN: Final = "bears_token"
RETRY: Final = {"retry-after": "1"}
"""Header of every 503: seconds after which to ask again."""
HEALTH: Final = "/health"
"""The one path without a limit on how often it is asked: a balancer asks for everybody."""
OPEN: Final = ("/", HEALTH, "/openapi.json")
"""Paths that need no token: they tell nothing of the data."""
_BEARER: Final = (b"www-authenticate", b"Bearer")
_CLOSE: Final = (b"connection", b"close")
_GIVEN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PAGES: Final = (
    b"default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    b"img-src data:; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _PAGES),
)


class _RefusedError(Exception):
    def __init__(self, status: int, kind: str, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.kind, self.headers = status, kind, headers


@dataclass
class _Reply:
    """What went out so far."""

    send: Send
    number: str
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            own = [(b"x-request-id", self.number.encode()), *_HEADERS, *self.headers]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await self.send(message)

    async def refuse(self, status: int, kind: str, message: str) -> None:
        """Answer with one line."""
        body = problem(kind, message, self.number)
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await self({"type": "http.response.start", "status": status, "headers": head})
        await self({"type": "http.response.body", "body": body})


class Guard:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    token
        That requests must bear; none is asked for by default. Then the header ``Host`` must name
        this machine, so that no page of the web can ask through a name that points here.
    """

    def __init__(
        self, app: Asgi, *, limits: Limits, telemetry: Telemetry, token: str | None
    ) -> None:
        self._app, self._limits, self._telemetry, self._token = app, limits, telemetry, token
        self._rates = None if limits.rate is None else Rates(limits.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        reply = _Reply(send, _number(headers.get(b"x-request-id")))
        known = bears(headers.get(b"authorization"), self._token)
        scope.setdefault("state", {}).update({NUMBER: reply.number, KNOWN: known})
        try:
            self._see_how_often(scope)  # first: whoever guesses tokens is slowed down too
            self._let_in(scope, headers, known=known)
            body = await self._body(headers, receive)
            await self._app(scope, _replayed(body, receive), reply)
        except _RefusedError as error:
            reply.headers = list(error.headers)
            await reply.refuse(error.status, error.kind, str(error))
        except Exception:
            logger.exception("request %s failed", reply.number)
            if not reply.status:
                message = "something is wrong with the service; its log has the request's number"
                await reply.refuse(500, "failed", message)
        finally:
            self._note(scope, reply, time.perf_counter() - began)

    def _let_in(self, scope: Scope, headers: dict[bytes, bytes], *, known: bool) -> None:
        if self._token is None and not is_loopback(_host(headers)):
            message = "the header Host does not name this machine; ask 127.0.0.1 or localhost"
            raise _RefusedError(421, "wrong_host", message)
        if not known and scope["path"] not in OPEN:
            message = "the header Authorization must say: Bearer, and the service's token"
            raise _RefusedError(401, "unauthorized", message, _BEARER)

    def _see_how_often(self, scope: Scope) -> None:
        if self._rates is None or scope["path"] == HEALTH:
            return
        wait = self._rates.wait(str((scope.get("client") or ("",))[0]))
        if wait > 0:
            message = f"at most {self._limits.rate:g} requests a second; ask again in {wait:.1f} s"
            seconds = (b"retry-after", b"%d" % math.ceil(wait))
            raise _RefusedError(429, "too_often", message, seconds)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        most = self._limits.body_bytes
        message = f"a body may have at most {most} bytes; ask in several requests"
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > most:
            raise _RefusedError(413, "too_large", message, _CLOSE)
        parts, size, more = [], 0, True
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                while more:
                    part = await receive()
                    more = bool(part.get("more_body", False))
                    parts.append(part.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise _RefusedError(413, "too_large", message, _CLOSE)
        except TimeoutError:
            late = f"the body did not arrive within {self._limits.timeout_seconds:g} s"
            raise _RefusedError(408, "too_slow", late) from None
        return b"".join(parts)

    def _note(self, scope: Scope, reply: _Reply, seconds: float) -> None:
        route = scope.get("route")
        path = str(getattr(route, "path", OTHER))
        self._telemetry.asked(path, reply.status, seconds)
        logger.info(
            "request",
            extra={
                "facts": {
                    "request": reply.number,
                    "method": scope["method"][:16],
                    "path": path,
                    "status": reply.status,
                    "milliseconds": round(1000 * seconds, 2),
                    **scope["state"].get("facts", {}),
                }
            },
        )


def problem(kind: str, message: str, number: str) -> bytes:
    """A refusal as JSON (:class:`onstage.serving.online.told.Problem`)."""
    return json.dumps({"error": kind, "message": message, "request": number}).encode()


def _number(given: bytes | None) -> str:
    """The request's number: the caller's own if it is a plain word."""
    if given is not None and _GIVEN.fullmatch(given):
        return given.decode()
    return uuid4().hex


def _host(headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
