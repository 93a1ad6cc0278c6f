"""Passwords of the stack: the environment's, or made once and kept."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """Passwords; None: that server asks nobody. All servers listen on loopback only.

    Attributes
    ----------
    postgres
        Of PostgreSQL's user.
    prefect
        ``user:password`` of the Prefect server.
    mlflow
        Password of MLflow's user ``admin``, at least 12 characters.
    """

    postgres: str = field(repr=False)
    prefect: str | None = field(default=None, repr=False)
    mlflow: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str], folder: Path) -> "Secrets":
        """From ``POSTGRES_PASSWORD`` (else made once, and kept in `folder`) and the servers' own.

        ``PREFECT_SERVER_API_AUTH_STRING`` and ``MLFLOW_AUTH_ADMIN_PASSWORD`` switch on who asks.
        """
        return cls(
            environment.get("POSTGRES_PASSWORD") or kept(folder / "postgres-password"),
            environment.get("PREFECT_SERVER_API_AUTH_STRING") or None,
            environment.get("MLFLOW_AUTH_ADMIN_PASSWORD") or None,
        )


def kept(path: Path) -> str:
    """A secret that was made once, in a file that only its owner reads."""
    known = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if known:  # a start that was killed may have left nothing: that is no password
        return known
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return path.read_text(encoding="utf-8")
