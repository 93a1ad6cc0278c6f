"""Where runs are tracked: addresses, whether somebody answers, a database made only once."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from onstage.errors import TrackingError
from onstage.settings import MlflowSettings, Settings
from onstage.tracking.lock import locked


PROBE_SECONDS: Final = 4
REMEDY: Final = "start it, or set MLFLOW_TRACKING_URI or tracking_uri in mlflow.yaml"
_SERVER_ERROR: Final = 500
_ADVISORY_LOCK: Final = 0x6F6E7374
_SECRET: Final = re.compile(r"(?i)([?&](?:[^=&]*(?:pass|token|secret|key)[^=&]*)=)[^&]*")


@dataclass(frozen=True)
class Endpoint:
    """Addresses, resolved.

    Attributes
    ----------
    tracking_uri, registry_uri
        As MLflow takes them.
    artifact_location
        Where new experiments keep their files; None: a server decides.
    """

    tracking_uri: str
    registry_uri: str
    artifact_location: str | None

    @classmethod
    def resolve(cls, mlflow_settings: MlflowSettings, settings: Settings) -> "Endpoint":
        """Fill in what the settings leave open: SQLite and a folder in the home folder."""
        home = settings.home.resolve()
        tracking = mlflow_settings.tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
        location = mlflow_settings.artifact_location
        if location is None and not is_http(tracking):
            location = str(home / "artifacts")
        if location is not None and "://" not in location and not location.startswith("mlflow-"):
            location = Path(location).resolve().as_uri()
        return cls(tracking, mlflow_settings.registry_uri or tracking, location)

    def check(self) -> None:
        """Check that somebody answers at both addresses.

        Raises
        ------
        TrackingError
            After a few seconds, if nobody answers or the answer is a refusal.
        """
        for uri in dict.fromkeys((self.tracking_uri, self.registry_uri)):
            probe(uri)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out while the tables of a fresh database are made."""
        file = sqlite_file(self.tracking_uri)
        if file is not None:
            with locked(file.with_name(file.name + ".lock")):
                yield
        elif self.tracking_uri.startswith("postgresql"):
            with advisory(self.tracking_uri):
                yield
        else:
            yield


def is_http(uri: str) -> bool:
    """Whether `uri` is a tracking server's."""
    return uri.startswith(("http://", "https://"))


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite URI; None for any other."""
    scheme, _, rest = uri.partition(":///")
    if scheme.partition("+")[0] != "sqlite" or not rest:
        return None
    return Path(rest.partition("?")[0])


def masked(uri: str) -> str:
    """`uri` without its credentials, for messages and links."""
    bare = re.sub(r"(^|://)[^/]*@", r"\1***@", uri)
    return _SECRET.sub(r"\1***", bare)


def refusal(uri: str, status: int | str) -> str:
    """What a person is told whose credentials a tracking server does not take."""
    return (
        f"MLflow at {masked(uri)} does not take the credentials (HTTP {status}); set "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to a user's who may do this"
    )


def probe(uri: str) -> None:
    """Ask whether the server or the database at `uri` answers.

    Raises
    ------
    TrackingError
        Within a few seconds: MLflow itself would try again for minutes.
    """
    if is_http(uri):
        _probe_server(uri)
    elif (file := sqlite_file(uri)) is not None:
        _probe_folder(uri, file)
    elif re.match(r"(postgresql|mysql)(\+\w+)?://", uri):
        _probe_database(uri)
    elif uri.startswith("file:") or "://" not in uri:
        message = (
            f"tracking URI {uri!r}: MLflow keeps no runs in plain folders any more; use "
            "sqlite:///path/mlflow.db, a database or a server"
        )
        raise TrackingError(message)


def _probe_server(uri: str) -> None:
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    address = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        with urlopen(Request(address), timeout=PROBE_SECONDS):  # noqa: S310  # http(s) only
            return
    except HTTPError as error:
        if error.code < _SERVER_ERROR:
            return
        reason: object = f"HTTP {error.code}"
    except URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            return
        reason = error.reason
    except (OSError, ValueError) as error:
        reason = error
    message = f"tracking server {masked(uri)} does not answer ({reason}): {REMEDY}"
    raise TrackingError(message)


def _probe_folder(uri: str, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(file.name + ".lock").open("ab"):
            pass
    except OSError as error:
        message = (
            f"tracking database {masked(uri)}: {error.strerror}; choose a writable folder with "
            "ONSTAGE_HOME or another MLFLOW_TRACKING_URI"
        )
        raise TrackingError(message) from error


def _probe_database(uri: str) -> None:
    from sqlalchemy import create_engine, pool  # noqa: PLC0415  # heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        engine = create_engine(
            uri, poolclass=pool.NullPool, connect_args={"connect_timeout": PROBE_SECONDS}
        )
        with engine.connect():
            pass
    except ImportError as error:
        message = (
            f"tracking database {masked(uri)}: no driver {error.name!r} is installed; for "
            "PostgreSQL write postgresql+psycopg://…"
        )
        raise TrackingError(message) from error
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        message = f"tracking database {masked(uri)} does not answer ({first}): {REMEDY}"
        raise TrackingError(message) from error


@contextmanager
def advisory(uri: str) -> Iterator[None]:
    """Keep other processes out while the tables of a fresh PostgreSQL database are made."""
    from sqlalchemy import create_engine, pool, text  # noqa: PLC0415  # heavy

    options = {"connect_timeout": PROBE_SECONDS}
    engine = create_engine(uri, poolclass=pool.NullPool, connect_args=options)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield
