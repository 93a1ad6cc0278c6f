"""A PostgreSQL server of our own: a folder, a port of loopback, one user, some databases."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from flows.stack.process import LOOPBACK, Process, free_port
from onstage.errors import OrchestrationError


USER: Final = "onstage"
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
    """A server, made in an empty folder or started again in its own.

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
        If PostgreSQL is not installed, or does not start.
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
        self._become = _another_user(folder)
        if not (folder / "cluster" / "PG_VERSION").exists():
            self._make()
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        return self._process.pid

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
        """End it: cutting off whoever is connected, or by SIGKILL."""
        self._process.stop(signal.SIGKILL if crash else signal.SIGINT)

    def start(self) -> None:
        """Start it again, where it was."""
        self._process = self._start()

    def _make(self) -> None:
        secret = self.folder / "password"
        words = [str(self._binaries / "initdb"), "-D", str(self.folder / "cluster"), "-U", USER]
        words += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        if self._password:
            words += ["-A", "scram-sha-256", "--pwfile", str(secret)]
            secret.touch(mode=0o600)
            secret.write_text(self._password)
            _give(secret, self._become is not None)
        else:
            words += ["-A", "trust"]
        words += [] if self._durable else ["--no-sync"]
        try:
            subprocess.run(  # noqa: S603  # our own words, no shell
                words, cwd=self.folder, check=True, capture_output=True, timeout=120,
                preexec_fn=self._become, stdin=subprocess.DEVNULL, text=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            lines = str(getattr(error, "stderr", None) or error).strip().splitlines()
            message = f"PostgreSQL in {self.folder}: {lines[-1]}; choose another folder"
            raise OrchestrationError(message) from error
        finally:
            secret.unlink(missing_ok=True)

    def _start(self) -> Process:
        words = [str(self._binaries / "postgres"), "-D", str(self.folder / "cluster")]
        words += ["-p", str(self.port), "-c", f"listen_addresses={LOOPBACK}"]
        words += ["-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=200"]
        words += [] if self._durable else ["-c", "fsync=off"]
        process = Process(
            "PostgreSQL", words, os.environ, self.folder / "log",
            folder=self.folder, become=self._become,
        )  # fmt: skip
        process.wait_until(self._listens, 60)
        return process

    def _listens(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url().replace("+psycopg", ""), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def _another_user(folder: Path) -> Callable[[], None] | None:
    """What makes a child run as somebody else, who owns `folder`; None unless we are root."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.getuid() != 0:
        return None
    user = _somebody()
    os.chown(folder, user.pw_uid, user.pw_gid)

    def become() -> None:
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become


def _give(path: Path, needed: bool) -> None:  # noqa: FBT001
    if needed:
        user = _somebody()
        os.chown(path, user.pw_uid, user.pw_gid)


def _somebody() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    message = "PostgreSQL does not run as root, and there is no user postgres or nobody: add one"
    raise OrchestrationError(message)
