"""The application: endpoints, refusals, and what begins and ends with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from onstage.errors import (
    CapabilityError,
    ConfigError,
    NotFoundError,
    OnstageError,
    StoreError,
)
from onstage.serving.bundle import own_version
from onstage.serving.online.endpoints import Ask, endpoints
from onstage.serving.online.guard import NUMBER, RETRY, Guard, problem
from onstage.serving.online.journal import Journal
from onstage.serving.online.limits import Limits
from onstage.serving.online.pool import BusyError, Pool
from onstage.serving.online.service import Service
from onstage.serving.online.source import Source
from onstage.serving.online.stage import NoChampionError, Stage
from onstage.serving.online.telemetry import Telemetry
from onstage.serving.online.watcher import Watcher


ABOUT = """Recommendations of what is live, by the registry's champion.

Lists are those of a batch by the same champion for the same request. Every refusal is one line of
JSON: `error`, `message`, and the `request`'s number, which stands in the log."""

REFUSALS: tuple[tuple[type[OnstageError], int, str], ...] = (
    (NoChampionError, 503, "no_champion"),
    (BusyError, 503, "busy"),
    (StoreError, 503, "not_kept"),
    (NotFoundError, 404, "not_found"),
    (CapabilityError, 409, "cannot"),
    (ConfigError, 422, "invalid"),
)
"""Our errors as statuses; the first that fits."""


def application(
    source: Source,
    *,
    at: str = "now",
    limits: Limits | None = None,
    token: str | None = None,
    journal: Journal | None = None,
) -> FastAPI:
    """Make the application; it watches the registry while it runs.

    Parameters
    ----------
    source
        Where the champion comes from.
    at
        The instant of requests that name none.
    token
        That requests must bear; none is asked for by default, so bind loopback only.
    journal
        Where posts are kept; only in memory by default.
    """
    limits = limits or Limits()
    telemetry = Telemetry()
    stage = Stage(limits, journal)
    watcher = Watcher(source, stage, telemetry)
    pool = Pool(limits.threads, limits.waiting, limits.timeout_seconds)
    service = Service(source.name, stage, at)
    _watch(telemetry, service, pool)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        watcher.start()
        yield
        watcher.stop()
        pool.close()
        stage.close()

    app = FastAPI(
        title="Onstage",
        description=ABOUT,
        version=own_version(),
        docs_url=None,  # its page loads from the network
        redoc_url=None,
        lifespan=running,
    )
    app.include_router(endpoints(Ask(service, pool, telemetry), locked=token is not None))
    app.add_middleware(Guard, limits=limits, telemetry=telemetry, token=token)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unusual)
    for kind, status, name in REFUSALS:
        app.add_exception_handler(kind, _refusal(status, name))
    app.state.watcher, app.state.stage = watcher, stage
    return app


def _watch(telemetry: Telemetry, service: Service, pool: Pool) -> None:
    stage = service.stage

    def live() -> float:
        answer = service.health()
        return float(answer.get("live_items", 0))

    telemetry.watch("live_items", "Live at the service's own instant.", live)
    telemetry.watch("inside", "Requests being answered or waiting.", lambda: pool.inside)
    telemetry.watch("posted_rows", "Interactions posted and kept.", lambda: stage.posted)
    telemetry.watch(
        "ready", "Whether a champion answers.", lambda: float(stage.standing.served is not None)
    )


def _refusal(status: int, kind: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(request: Request, error: Exception) -> Response:
        return _refused(request, status, kind, str(error))

    return refuse


async def _invalid(request: Request, error: Exception) -> Response:
    """One line without the value: it may be long, and it may be private."""
    problems: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    first = problems[0] if problems else {"loc": ("body",), "msg": "cannot be read"}
    place = ".".join(str(part)[:40] for part in first["loc"])
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    return _refused(request, 422, "invalid", f"{place}: {first['msg'][:300]}{more}")


async def _unusual(request: Request, error: Exception) -> Response:
    """No such path or method, or a body that is no JSON."""
    if not isinstance(error, HTTPException):
        raise error
    kind = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "invalid")
    answer = _refused(request, error.status_code, kind, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _refused(request: Request, status: int, kind: str, message: str) -> Response:
    number = str(request.scope["state"][NUMBER])
    headers = RETRY if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    body = problem(kind, message, number)
    return Response(body, status, headers, media_type=JSONResponse.media_type)
