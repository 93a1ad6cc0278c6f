"""MLflow's client, connected; its errors as ours."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from onstage.errors import TrackingError
from onstage.settings import ENVIRONMENT
from onstage.tracking.endpoint import REMEDY, Endpoint, masked, refusal, sqlite_file


if TYPE_CHECKING:
    from mlflow import MlflowClient

_REFUSED = re.compile(r"error code (401|403)\b")
"""What MLflow's client says of a server that refuses."""
PATIENCE = 20.0
"""Seconds to wait for whoever else writes to a SQLite file."""


def connect(endpoint: Endpoint) -> "MlflowClient":
    """Make a client whose database is there and whose server answers.

    Raises
    ------
    TrackingError
        Within a few seconds, if not.
    """
    endpoint.check()
    for name, value in ENVIRONMENT.items():
        if name.startswith("MLFLOW_"):
            os.environ.setdefault(name, value)
    from mlflow import MlflowClient  # noqa: PLC0415  # heavy

    logging.getLogger("alembic").setLevel(logging.WARNING)
    _spare_the_disk()
    with translated(endpoint), endpoint.alone():
        _write_ahead(endpoint.tracking_uri)
        client = MlflowClient(endpoint.tracking_uri, endpoint.registry_uri)
        client.search_experiments(max_results=1)
    return client


def _write_ahead(uri: str) -> None:
    """Let a SQLite file write its journal ahead: who reads waits for nobody, commits are cheap."""
    file = sqlite_file(uri)
    if file is not None:
        try:
            with closing(sqlite3.connect(file, timeout=PATIENCE)) as database:
                database.execute("PRAGMA journal_mode=WAL")
        except sqlite3.DatabaseError as error:
            message = f"tracking database {masked(uri)}: {error}; restore it, or choose another"
            raise TrackingError(message) from error


@lru_cache(maxsize=1)
def _spare_the_disk() -> None:
    """Wait for the disk at checkpoints, not at every commit.

    A killed process loses nothing by it. A power cut may take back the last commits, never break
    the file; the studies' journals and the store, which are the truth, wait for the disk.
    """
    from sqlalchemy import Engine, event  # noqa: PLC0415  # heavy

    @event.listens_for(Engine, "connect")
    def _(connection: Any, _: object) -> None:  # noqa: ANN401  # whatever the driver makes
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def translated(endpoint: Endpoint) -> Iterator[None]:
    """Turn what MLflow raises into one line of ours.

    Raises
    ------
    TrackingError
        With the address (without credentials), what MLflow said, and what to do.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415  # heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        if isinstance(error, TrackingError):
            raise
        raise TrackingError(_explain(error, endpoint)) from error


def _explain(error: Exception, endpoint: Endpoint) -> str:
    shown = masked(endpoint.tracking_uri)
    if refused := _REFUSED.search(str(error)):
        return refusal(endpoint.tracking_uri, refused.group(1))
    said = str(error).replace(endpoint.tracking_uri, shown).strip().partition("\n")[0][:300]
    remedy = REMEDY
    if "database is locked" in str(error):
        said = "database is locked"  # SQLAlchemy begins with advice to programmers
        remedy = "somebody wrote to it for over 20 s: give the command again"
    elif "out-of-date database schema" in said:
        remedy = f"make a backup and run `mlflow db upgrade {shown}`"
    elif any(word in said for word in ("No such file", "Permission", "disk", "No space")):
        remedy = "check the folder of artifacts and the space on its disk"
    elif "RESOURCE_DOES_NOT_EXIST" in str(getattr(error, "error_code", "")):
        remedy = "check the id, and that this is the server that holds it"
    elif "INVALID_PARAMETER_VALUE" in str(getattr(error, "error_code", "")):
        remedy = "change what is logged"
    return f"MLflow at {shown}: {said}; {remedy}"
