"""Where a long fit keeps its place, so that a killed retrain goes on inside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onstage.data.store import digest_json
from onstage.pipeline.workspace import Workspace


@contextmanager
def checkpoint(workspace: Workspace, **what: Any) -> Iterator[Path]:  # noqa: ANN401  # plain JSON
    """Name the file of one fit; it stays if the block fails and goes when the block is through.

    Parameters
    ----------
    what
        All that decides the fit: another fit has another file.
    """
    path = workspace.folder / "checkpoints" / f"{digest_json(what)[:24]}.npz"
    yield path
    path.unlink(missing_ok=True)
