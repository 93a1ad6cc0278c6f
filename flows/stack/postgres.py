"""A PostgreSQL server of our own: a folder, a port of loopback, one user, some databases."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from flows.port import LOOPBACK, free_port
from flows.stack.process import Process, as_user
from onstage.errors import OrchestrationError


USER: Final = "onstage"
PASSED: Final = ("LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
INSTALL: Final = "install Debian's package postgresql, or name its folder in PGBIN"


def binaries() -> Path | None:
    """Where initdb and postgres are: ``PGBIN``, the path, or where Debian keeps them."""
    named = os.environ.get("PGBIN")
    on_path = shutil.which("initdb")
    known = [Path(named)] if named else []
    known += [Path(on_path).parent] if on_path else []
    known += sorted(
        (p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True
    )
    return next((folder for folder in known if (folder / "postgres").exists()), None)


class Postgres:
    """A server, in an empty folder or its own; :meth:`start` it.

    Parameters
    ----------
    folder
        For the cluster and the log. Where we are root it is given to another user, since PostgreSQL
        does not run as root: every folder above it must let that user through.
    port
        0: any free one.
    password
        Of the one user; empty: whoever is on this machine may come in.
    durable
        Whether a commit waits for the disk; False for tests.

    Raises
    ------
    OrchestrationError
        If PostgreSQL is not installed.
    """

    def __init__(
        self, folder: Path, *, port: int = 0, password: str = "", durable: bool = True
    ) -> None:
        found = binaries()
        if found is None:
            message = f"no PostgreSQL server on this machine: {INSTALL}"
            raise OrchestrationError(message)
        self.folder = folder
        self.port = port or free_port()
        self._password = password
        self._durable = durable
        self._binaries = found
        self._user = _somebody() if os.getuid() == 0 else None
        self._process: Process | None = None

    def start(self) -> None:
        """Start it, in its own folder, which is filled at the first time.

        Raises
        ------
        OrchestrationError
            If it does not start, or has another password.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._give(self.folder)
        if not (self.folder / "cluster" / "PG_VERSION").exists():
            self._make()
        words = [str(self._binaries / "postgres"), "-D", str(self.folder / "cluster")]
        words += ["-p", str(self.port), "-c", f"listen_addresses={LOOPBACK}"]
        words += ["-c", "unix_socket_directories=", "-c", "max_connections=200"]
        words += [] if self._durable else ["-c", "fsync=off"]
        self._process = Process(
            "PostgreSQL", words, _environment(), self.folder / "log",
            folder=self.folder, user=self._user,
        )  # fmt: skip
        self._process.wait_until(self._listens, 60)

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.running

    def url(self, database: str = "postgres", driver: str = "psycopg") -> str:
        """SQLAlchemy URL of a database, password included."""
        secret = f":{quote(self._password, safe='')}" if self._password else ""
        return f"postgresql+{driver}://{USER}{secret}@{LOOPBACK}:{self.port}/{database}"

    def create(self, names: Sequence[str]) -> None:
        """Make the databases that are not there."""
        from sqlalchemy import create_engine, text

        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                there = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
                for name in names:
                    if name not in there:
                        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        finally:
            engine.dispose()

    def stop(self, *, crash: bool = False) -> None:
        """End it, where it runs: cutting off whoever is connected, or by SIGKILL."""
        if self._process is not None:
            self._process.stop(signal.SIGKILL if crash else signal.SIGINT)

    def _make(self) -> None:
        secret = self.folder / "password"
        words = [str(self._binaries / "initdb"), "-D", str(self.folder / "cluster"), "-U", USER]
        words += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        if self._password:
            words += ["-A", "scram-sha-256", "--pwfile", str(secret)]
            secret.touch(mode=0o600)
            secret.write_text(self._password)
            self._give(secret)
        else:
            words += ["-A", "trust"]
        words += [] if self._durable else ["--no-sync"]
        try:
            subprocess.run(  # noqa: S603  # our own words, no shell
                words, cwd=self.folder, env=_environment(), stdin=subprocess.DEVNULL, check=True,
                capture_output=True, text=True, timeout=120, **as_user(self._user),
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
            message = f"PostgreSQL in {self.folder}: {lines[-1]}; choose another folder"
            raise OrchestrationError(message) from error
        finally:
            secret.unlink(missing_ok=True)

    def _listens(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url().replace("+psycopg", ""), connect_timeout=2):
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                message = (
                    f"PostgreSQL in {self.folder} was made with another POSTGRES_PASSWORD; give "
                    "that one, or another folder"
                )
                raise OrchestrationError(message) from error
            return False

    def _give(self, path: Path) -> None:
        """Let PostgreSQL's user have a path of ours."""
        if self._user is not None:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)


def _environment() -> dict[str, str]:
    """What PostgreSQL's user may know of ours, which has passwords of others."""
    return {name: os.environ[name] for name in PASSED if name in os.environ}


def _somebody() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    message = "PostgreSQL does not run as root, and there is no user postgres or nobody: add one"
    raise OrchestrationError(message)
