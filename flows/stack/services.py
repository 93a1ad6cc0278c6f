"""What each service of the stack is: its command, and the environment that it needs.

The compose file in deploy/ says the same for containers; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


DATABASES: Final = ("prefect", "mlflow", "studies")
"""One each: MLflow and Optuna would take each other's revision for their own."""
POOL: Final = "local"

PREFECT_ENVIRONMENT: Final = (
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_UI_API_URL",
)
MLFLOW_ENVIRONMENT: Final = (
    "MLFLOW_BACKEND_STORE_URI",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "MLFLOW_AUTH_CONFIG_PATH",
    "MLFLOW_AUTH_ADMIN_USERNAME",
    "MLFLOW_AUTH_ADMIN_PASSWORD",
)
CLIENT_ENVIRONMENT: Final = (
    "PREFECT_API_URL",
    "PREFECT_API_AUTH_STRING",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "ONSTAGE_HOME",
    "ONSTAGE_OPTUNA_STORAGE",
    "ONSTAGE_STORE_REMOTE",
)
"""Of everything that runs flows or asks about them."""


@dataclass(frozen=True)
class Service:
    """A command and the names of what its environment must say.

    Attributes
    ----------
    words
        The program's name and its arguments; nothing secret.
    environment
        Names of variables.
    """

    words: tuple[str, ...]
    environment: tuple[str, ...]


def services(
    *, host: str, ports: Mapping[str, int], artifacts: str, auth: bool, config: str
) -> dict[str, Service]:
    """Every service but PostgreSQL, by name.

    Parameters
    ----------
    host
        Address to listen at.
    ports
        ``prefect``, ``mlflow`` and ``serve``.
    artifacts
        Where MLflow keeps files: a folder or any URL that MLflow takes.
    auth
        Whether MLflow asks for user and password. (Prefect does where
        ``PREFECT_SERVER_API_AUTH_STRING`` is set.)
    config
        The configuration whose champion is served.
    """
    prefect: tuple[str, ...] = (
        "prefect",
        "server",
        "start",
        "--host",
        host,
        "--port",
        str(ports["prefect"]),
    )
    mlflow: tuple[str, ...] = ("mlflow", "server", "--host", host, "--port", str(ports["mlflow"]))
    mlflow += ("--workers", "1", "--serve-artifacts", "--artifacts-destination", artifacts)
    mlflow += ("--app-name", "basic-auth") if auth else ()
    worker = ("prefect", "worker", "start", "--pool", POOL, "--type", "process")
    serve = ("onstage", "serve", config, "--host", host, "--port", str(ports["serve"]))
    return {
        "prefect": Service(prefect, PREFECT_ENVIRONMENT),
        "mlflow": Service(mlflow, MLFLOW_ENVIRONMENT),
        "worker": Service(worker, CLIENT_ENVIRONMENT),
        "serve": Service((*serve, "--keep"), (*CLIENT_ENVIRONMENT, "ONSTAGE_SERVE_TOKEN")),
    }
