"""Where studies are kept: a journal file each by default, or one database for all of them."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import optuna
from optuna.exceptions import StorageInternalError
from optuna.pruners import BasePruner
from optuna.storages import BaseStorage, RDBStorage
from pydantic import SecretStr

from onstage.errors import ConfigError, StoreError
from onstage.files import replacing
from onstage.settings import Settings
from onstage.tracking.endpoint import PROBE_SECONDS, advisory, masked
from onstage.tuning.journal import open_journal
from onstage.tuning.plan import Plan


VARIABLE: Final = "ONSTAGE_OPTUNA_STORAGE"
ID: Final = "study.id"
"""File with what tells this folder's study from the others of a database."""
_DATABASE: Final = re.compile(r"(postgresql|mysql|sqlite)(\+\w+)?://")


def storage_of(settings: Settings) -> SecretStr | None:
    """The database of studies that the environment names; None where it names none."""
    url = settings.optuna_storage
    return url if url is not None and url.get_secret_value().strip() else None


def check_storage(url: SecretStr | None, at_once: int) -> None:
    """Check that `at_once` trials may write to the storage at the same time.

    Raises
    ------
    ConfigError
        If the storage is no database, or a SQLite file with more than one writer.
    """
    if url is None:
        return
    shown = masked(url.get_secret_value())
    if not _DATABASE.match(url.get_secret_value()):
        message = (
            f"{VARIABLE} {shown!r}: no database; write postgresql+psycopg://user@host/name, or "
            "unset it to keep each study in a journal file"
        )
        raise ConfigError(message)
    if shown.startswith("sqlite") and at_once > 1:
        message = (
            f"{VARIABLE} {shown!r}: {at_once} trials at once, but SQLite has one writer at a time; "
            "unset it (a journal file takes many), give PostgreSQL, or run one trial at a time"
        )
        raise ConfigError(message)


@contextmanager
def opened_study(
    folder: Path, plan: Plan, pruner: BasePruner, url: SecretStr | None = None
) -> Iterator[optuna.Study]:
    """Open the study of `folder`, made when missing, and close it with the block.

    Parameters
    ----------
    url
        A database; by default the journal in `folder`.

    Raises
    ------
    StoreError
        If the folder cannot be written, the database does not answer within seconds, or it fails
        in the block. The message has no password.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        yield _study(open_journal(folder), plan.study, pruner)
        return
    with _said_plainly(url.get_secret_value()), _database(url.get_secret_value()) as storage:
        yield _study(storage, f"{plan.study}-{_id(folder)}", pruner)


def _study(storage: BaseStorage, name: str, pruner: BasePruner) -> optuna.Study:
    return optuna.create_study(
        storage=storage, study_name=name, direction="maximize", load_if_exists=True, pruner=pruner
    )


@contextmanager
def _said_plainly(url: str) -> Iterator[None]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  # heavy

    try:
        yield
    except (StorageInternalError, SQLAlchemyError, ImportError) as error:
        raise StoreError(_explain(error, url)) from error


def _explain(error: Exception, url: str) -> str:
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    said = str(getattr(cause, "orig", None) or cause or error).strip().partition("\n")[0]
    shown = masked(url)
    return (
        f"studies at {shown}: {said.replace(url, shown)[:300]}; check {VARIABLE} and the database, "
        "then give the command again: trials that were over are kept"
    )


@contextmanager
def _database(url: str) -> Iterator[BaseStorage]:
    """Storage in a database; tables are made by one process at a time."""
    if url.startswith("postgresql"):
        patience = {"connect_timeout": PROBE_SECONDS}
        with advisory(url):
            storage = RDBStorage(url, {"pool_pre_ping": True, "connect_args": patience})
    else:
        storage = RDBStorage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _id(folder: Path) -> str:
    """What tells this folder's study from others: of other data, or of another home."""
    path = folder / ID
    if not path.exists():
        with replacing(path, "choose a writable folder") as draft:
            draft.write_text(uuid.uuid4().hex[:12])
    try:
        return path.read_text()
    except OSError as error:
        message = f"sweep folder {folder}: {error.strerror}; choose a writable one"
        raise StoreError(message) from error
