"""MLflow's client, connected; its errors as ours."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onstage.errors import TrackingError
from onstage.settings import ENVIRONMENT
from onstage.tracking.endpoint import REMEDY, Endpoint, masked


if TYPE_CHECKING:
    from mlflow import MlflowClient


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
    with translated(endpoint), endpoint.alone():
        client = MlflowClient(endpoint.tracking_uri, endpoint.registry_uri)
        client.search_experiments(max_results=1)
    return client


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
    said = str(error).replace(endpoint.tracking_uri, shown).strip().partition("\n")[0][:300]
    remedy = REMEDY
    if "out-of-date database schema" in said:
        remedy = f"make a backup and run `mlflow db upgrade {shown}`"
    elif "No such file" in said or "Permission" in said or "disk" in said:
        remedy = "check the folder of artifacts and the space on its disk"
    elif "RESOURCE_DOES_NOT_EXIST" in str(getattr(error, "error_code", "")):
        remedy = "check the id, and that this is the server that holds it"
    elif "INVALID_PARAMETER_VALUE" in str(getattr(error, "error_code", "")):
        remedy = "change what is logged"
    return f"MLflow at {shown}: {said}; {remedy}"
