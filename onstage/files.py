"""Files that appear whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onstage.errors import StoreError


@contextmanager
def replacing(path: Path, remedy: str) -> Iterator[Path]:
    """Give an empty draft beside `path`, which takes its place in one rename when the block ends.

    After an error in the block the draft is gone and what stood at `path` before still does; so it
    does after a crash, which may leave the draft (a hidden ``.part`` file).

    Parameters
    ----------
    path
        Its folder is created.
    remedy
        What the user can do if it cannot be written; ends the error.

    Raises
    ------
    StoreError
        If the folder is read-only, the disk is full, or `path` is a folder; with its ``errno``.
    """
    draft: Path | None = None
    try:
        draft = _draft(path)
        yield draft
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)
    except StoreError:
        raise
    except OSError as error:
        raised = StoreError(f"{path}: {error.strerror or error}; {remedy}")
        raised.errno = error.errno
        raise raised from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    umask = os.umask(0)
    os.umask(umask)
    draft = Path(name)
    draft.chmod(0o666 & ~umask)
    return draft
