"""Paths, and what each one does."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.security import HTTPBearer
from starlette.responses import HTMLResponse, Response

from onstage.serving.online.asked import (
    AskedLists,
    AskedReasons,
    AskedSimilar,
    PostedLive,
    PostedRows,
)
from onstage.serving.online.guard import KNOWN, RETRY
from onstage.serving.online.pool import Pool
from onstage.serving.online.service import Answer, Service
from onstage.serving.online.telemetry import Telemetry
from onstage.serving.online.told import (
    Problem,
    ToldBoard,
    ToldHealth,
    ToldLists,
    ToldLive,
    ToldReasons,
    ToldRows,
    ToldSimilar,
    ToldUsers,
)


JSON: Final = "application/json"
PAGE: Final = "page.html"
MOMENT: Final = 0.01
"""Seconds between two looks."""

Most = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]

_WHY: Final = {
    400: "The body cannot be read.",
    401: "No token, or a wrong one.",
    404: "The champion does not know it.",
    408: "The body did not arrive in time.",
    409: "The champion's algorithm cannot do it.",
    413: "The body is too large.",
    421: "Without a token the header `Host` must name this machine.",
    422: "A value breaks a rule.",
    429: "The client asks too often; `Retry-After` says when to ask again.",
    503: "No champion yet, too busy, or too slow; `Retry-After` says when to ask again.",
}

_ALWAYS: Final = tuple(status for status in _WHY if status not in {404, 409})


@dataclass(frozen=True)
class Ask:
    """How endpoints reach the service: in threads, a few at a time."""

    service: Service
    pool: Pool
    telemetry: Telemetry

    async def __call__(self, answer: Callable[[], Answer]) -> Response:
        """Run `answer` in a thread."""
        return Response(await self.pool.run(lambda: _json(answer())), media_type=JSON)


def endpoints(ask: Ask, *, locked: bool) -> APIRouter:
    """All paths; `locked`: all but the page and /health need the token, and are described so."""
    router = APIRouter(dependencies=[Depends(HTTPBearer(auto_error=False))] if locked else [])
    _questions(router, ask)
    _posts(router, ask)
    _looks(router, ask)
    everybody = APIRouter()
    _open(everybody, ask)
    everybody.include_router(router)
    return everybody


def _questions(router: APIRouter, ask: Ask) -> None:
    service = ask.service

    @router.post("/recommend", summary="Lists for users", **_told(ToldLists))
    async def recommend(asked: AskedLists, request: Request) -> Response:
        """The best `k` live items of each user."""

        def answer() -> Answer:
            made = service.recommend(asked)
            strange = sum(bool(one["fallback"]) for one in made["lists"])
            ask.telemetry.users.labels("yes").inc(strange)
            ask.telemetry.users.labels("no").inc(len(made["lists"]) - strange)
            _facts(request, users=len(made["lists"]), k=asked.k, version=made["version"])
            return made

        return await ask(answer)

    @router.post("/similar", summary="Items like an item", **_told(ToldSimilar, 409))
    async def similar(asked: AskedSimilar) -> Response:
        """The nearest items; nothing for an item the champion does not know."""
        return await ask(lambda: service.similar(asked))

    @router.post("/explain", summary="Why an item, for a user", **_told(ToldReasons, 404))
    async def explain(asked: AskedReasons) -> Response:
        """The user's earlier visits, and the score as a sum over the user's own items."""
        return await ask(lambda: service.explain(asked))


def _posts(router: APIRouter, ask: Ask) -> None:
    service = ask.service

    @router.post("/live", summary="Who went live or offline", **_told(ToldLive))
    async def change_live(post: PostedLive) -> Response:
        """Counts for every request after the answer."""
        return await ask(lambda: service.change_live(post))

    @router.post("/interactions", summary="New interactions", **_told(ToldRows))
    async def observe(post: PostedRows, request: Request) -> Response:
        """Count in the next answer: histories, repeat policies, explanations."""
        _facts(request, rows=len(post.interactions))
        answer, counted = await ask.pool.run(lambda: service.observe(post))
        end = time.monotonic() + service.stage.limits.settle_seconds
        while not counted() and time.monotonic() < end:  # no thread waits, others may use it
            await asyncio.sleep(MOMENT)
        return Response(_json({**answer, "counted": counted()}), media_type=JSON)


def _looks(router: APIRouter, ask: Ask) -> None:
    service = ask.service

    @router.get("/board", summary="Who is live", **_told(ToldBoard))
    async def board(most: Most = 200) -> Response:
        """At the service's own instant, the most watched first."""
        return await ask(lambda: service.live(most))

    @router.get("/users", summary="Users to choose from", **_told(ToldUsers))
    async def users(most: Most = 50) -> Response:
        """Those with the most interactions."""
        return await ask(lambda: service.users(most))

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """In the text format."""
        return Response(ask.telemetry.page(), media_type="text/plain; version=0.0.4")


def _open(router: APIRouter, ask: Ask) -> None:
    service = ask.service
    page = files("onstage.serving.online").joinpath(PAGE).read_text(encoding="utf-8")

    @router.get("/health", summary="Whether it can answer", **_told(ToldHealth, refusal=ToldHealth))
    async def health(request: Request) -> Response:
        """503 while no champion answers. Without the token only the status is told."""
        told = service.health()
        ok = told["status"] == "ok"
        status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
        if not request.scope["state"][KNOWN]:
            told = {"status": told["status"]}
        headers = {} if ok else RETRY
        return Response(_json(told), status, headers, media_type=JSON)

    @router.get("/", include_in_schema=False)
    async def demo() -> Response:
        """The page."""
        return HTMLResponse(page)


def _told(model: type[Any], *more: int, refusal: type[Any] = Problem) -> dict[str, Any]:
    """What OpenAPI says of an endpoint's answers."""
    about: dict[int | str, dict[str, Any]] = {HTTPStatus.OK.value: {"model": model}}
    for status in (*_ALWAYS, *more):
        told = refusal if status == HTTPStatus.SERVICE_UNAVAILABLE else Problem
        about[status] = {"model": told, "description": _WHY[status]}
    return {"responses": about, "response_class": Response}


def _facts(request: Request, **facts: object) -> None:
    """What the log says of a request besides."""
    request.scope["state"].setdefault("facts", {}).update(facts)


def _json(answer: Answer) -> bytes:
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()
