"""Databases that we read and write: reachable, whose they are, of which revision."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onstage.errors import TrackingError
from onstage.pipeline.checkup.clocks import clock
from onstage.pipeline.checkup.finding import Finding
from onstage.tracking.endpoint import PROBE_SECONDS, masked, sqlite_file


if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS: Final = {"mlflow": "store/db_migrations", "optuna": "storages/_rdb/alembic"}
"""Package to the folder of its migrations."""
FIRST_USE: Final = "made at the first use"
"""What is said of tables that are not there: to ask for more would make them."""
UPGRADES: Final = {
    "mlflow": "make a backup, then `mlflow db upgrade URL`",
    "optuna": "make a backup, then `optuna storage upgrade --storage URL`",
}


def database(name: str, package: str, url: str) -> list[Finding]:
    """Look at the database that `package` keeps its tables in; nothing is written.

    Parameters
    ----------
    name
        What the findings are called.
    package
        ``mlflow`` or ``optuna``.

    Raises
    ------
    TrackingError
        If it does not answer within seconds.
    """
    shown = masked(url)
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return [Finding.ok(name, f"{shown}: {FIRST_USE}")]
    with _connected(url) as connection:
        return [
            Finding.ok(name, shown, "answers"),
            _revision(f"{name} schema", package, connection),
            *_clock(name, connection),
        ]


def same_place(one: str, other: str) -> bool:
    """Whether two URLs name one database, whoever asks and with whatever driver."""
    from sqlalchemy import make_url  # noqa: PLC0415  # heavy
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        first, second = make_url(one), make_url(other)
    except ArgumentError:  # no URL at all: that is for whoever opens it to say
        return False
    return (first.get_backend_name(), first.host, first.port, first.database) == (
        second.get_backend_name(), second.host, second.port, second.database
    )  # fmt: skip


@contextmanager
def _connected(url: str) -> Iterator["Connection"]:
    from sqlalchemy import create_engine, pool  # noqa: PLC0415  # heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    options = {} if url.startswith("sqlite") else {"connect_timeout": PROBE_SECONDS}
    try:
        engine = create_engine(url, poolclass=pool.NullPool, connect_args=options)
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, ImportError) as error:
        first = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        shown = masked(url)
        message = f"{shown}: {first.replace(url, shown)}; start it, or correct the address"
        raise TrackingError(message) from error


def _revision(name: str, package: str, connection: "Connection") -> Finding:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  # heavy

    found = set(MigrationContext.configure(connection).get_current_heads())
    if not found:
        return Finding.ok(name, f"no tables yet: {FIRST_USE}")
    script = _script(package)
    wanted = set(script.get_heads())
    value, rule = ", ".join(sorted(found)), f"{package}'s {', '.join(sorted(wanted))}"
    if found == wanted:
        return Finding.ok(name, value, rule)
    known = {revision.revision for revision in script.walk_revisions()}
    if found <= known:
        return Finding.failed(name, value, rule, UPGRADES[package])
    remedy = f"another program's tables, or a newer {package}'s: give {package} its own database"
    return Finding.failed(name, value, rule, remedy)


def _script(package: str) -> Any:  # noqa: ANN401  # alembic has no types for us
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # heavy

    spec = find_spec(package)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    return ScriptDirectory(str(Path(roots[0]) / MIGRATIONS[package]))


def _clock(name: str, connection: "Connection") -> list[Finding]:
    if connection.dialect.name != "postgresql":
        return []
    from sqlalchemy import text  # noqa: PLC0415  # heavy

    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return clock(name, (theirs - datetime.now(UTC)).total_seconds())
