"""A short question to an HTTP server: what it says, and what its clock says."""

import base64
import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from typing_extensions import override

from onstage.errors import TrackingError
from onstage.tracking.endpoint import PROBE_SECONDS, masked


REFUSALS: Final = frozenset({401, 403})
"""Statuses of a server that does not take the credentials."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes
    ----------
    status
        Of HTTP.
    text
        The body.
    ahead_seconds
        How far the server's clock is before ours, to a second; None where it does not tell.
    """

    status: int
    text: str
    ahead_seconds: float | None

    @property
    def refused(self) -> bool:
        """Whether the credentials were not taken."""
        return self.status in REFUSALS

    def json(self) -> Any:  # noqa: ANN401  # whatever the server says
        """The body as JSON."""
        return json.loads(self.text)


class _Wary(HTTPRedirectHandler):
    """Goes where it is sent, but gives the credentials for one server to no other."""

    @override
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        further = super().redirect_request(req, fp, code, msg, headers, newurl)
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        same = before.netloc == after.netloc and after.scheme in {before.scheme, "https"}
        if further is not None and not same:
            further.remove_header("Authorization")
        return further


def ask(
    uri: str,
    path: str,
    *,
    question: object = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = PROBE_SECONDS,
    method: str | None = None,
) -> Answer:
    """Ask a server once; a status above 399 is an answer too.

    Parameters
    ----------
    uri
        Where it is; credentials in it are left out. Should it send us on to another server, those
        in `headers` are too.
    path
        Appended to `uri`.
    question
        Sent as JSON.
    method
        POST with a question, GET without one, unless said.

    Raises
    ------
    TrackingError
        If nobody answers within `seconds`.
    """
    body = None if question is None else json.dumps(question).encode()
    said = {"Content-Type": "application/json", **(headers or {})}
    try:
        parts = urlsplit(uri)
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        request = Request(  # noqa: S310  # http(s) only
            f"{bare}{path}", data=body, headers=said, method=method
        )
        with build_opener(_Wary).open(request, timeout=seconds) as answer:
            return Answer(answer.status, answer.read().decode(), _ahead(answer.headers["Date"]))
    except HTTPError as error:
        return Answer(error.code, error.read().decode(errors="replace"), None)
    except (OSError, ValueError, http.client.HTTPException) as error:
        message = f"{masked(uri)} does not answer ({getattr(error, 'reason', error)}): start it"
        raise TrackingError(message) from error


def basic(user: str, password: str) -> dict[str, str]:
    """The header of somebody who has a password."""
    words = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {words}"}


def credentials(uri: str) -> dict[str, str]:
    """The header that MLflow's client would send: of ``MLFLOW_TRACKING_…``, or of the address."""
    parts = urlsplit(uri)
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    user = os.environ.get("MLFLOW_TRACKING_USERNAME") or unquote(parts.username or "")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") or unquote(parts.password or "")
    return basic(user, password) if user else {}


def _ahead(date: str | None) -> float | None:
    if date is None:
        return None
    theirs = parsedate_to_datetime(date)
    return (theirs - datetime.now(UTC)).total_seconds() + 0.5  # the header has whole seconds
